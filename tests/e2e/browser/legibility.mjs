// Whether people can read a page: nothing is cut, unseen, tiny or pale.

/** The faults of the page that is shown; runs in the page. */
export function faults() {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = numbers(color).map((it) => {
      const part = it / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((numbers(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (element) => {
    const pair = [getComputedStyle(element).color, ground(element)].map(luminance);
    const [dark, light] = pair.sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`scrolls: ${root.scrollWidth} px`);
  for (const element of document.body.querySelectorAll("*")) {
    if (!hasText(element) || element.closest("script,style")) continue;
    const box = element.getBoundingClientRect();
    const name = `${element.tagName} "${element.textContent.trim()}"`;
    if (!element.checkVisibility() || box.width < 1 || box.height < 1) found.push(`unseen: ${name}`);
    if (box.left < 0 || box.right > root.clientWidth + 0.5) found.push(`cut: ${name}`);
    if (contrast(element) < 4.5) found.push(`contrast ${contrast(element).toFixed(1)}: ${name}`);
    if (parseFloat(getComputedStyle(element).fontSize) < 13) found.push(`tiny: ${name}`);
  }
  for (const button of document.querySelectorAll("a.button, button")) {
    if (button.getBoundingClientRect().height < 44) found.push(`low: ${button.textContent}`);
  }
  return found;
}
