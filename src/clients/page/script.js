(() => {
  "use strict";
  const main = document.querySelector("main");
  const password = document.getElementById("password");
  const copy = document.getElementById("copy");

  const select = () => {
    const range = document.createRange();
    range.selectNodeContents(password);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return document.execCommand("copy");
  };
  const copied = (done) => {
    const label = copy.textContent;
    copy.textContent = done ? copy.dataset.copied : copy.dataset.selected;
    copy.disabled = true;
    setTimeout(() => { copy.textContent = label; copy.disabled = false; copy.focus(); }, 2000);
  };
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(password.textContent);
      copied(true);
    } catch {
      copied(select());
    }
  });
  copy.hidden = false;

  // An iPad in desktop mode has the User-Agent of a Mac, but no Mac has a touch screen.
  if (main.dataset.device === "mac" && navigator.maxTouchPoints > 1) {
    for (const guide of document.querySelectorAll("[data-device=iphone]")) {
      guide.open = true;
      guide.classList.add("card");
      document.getElementById("own").before(guide);
    }
  }

  const end = Date.now() + 15 * 60 * 1000;
  let timer;
  const poll = async () => {
    clearTimeout(timer);
    const abort = new AbortController();
    const timeout = setTimeout(() => abort.abort(), 8000);
    try {
      const response = await fetch(main.dataset.state, { cache: "no-store", signal: abort.signal });
      if ((await response.json()).seen === true) {
        main.classList.add("seen");
        document.title = "✓ " + document.title;
        return;
      }
    } catch {
      // The next poll may succeed, as when the phone changes its network or hubgate restarts.
    } finally {
      clearTimeout(timeout);
    }
    if (Date.now() < end) timer = setTimeout(poll, 2000);
    else main.classList.add("late");
  };
  if (!main.classList.contains("seen")) poll();
})();
