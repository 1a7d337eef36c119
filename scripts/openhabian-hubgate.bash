#!/usr/bin/env bash

## hubgate in NGINX's place on openHABian, and back.
##
##   install_hubgate(String install|remove)    takes NGINX's place, or upgrades; gives it back
##   setup_hubgate()                           does what `hubgateaction` says, for unattended installs
##   is_hubgate_installed()
##
## To be dropped into openHABian's functions/, or run: openhabian-hubgate.bash install|remove
##
## Nothing in /etc/nginx is changed. A run that fails, is interrupted or is killed is rolled back, at
## once or by the next call, until NGINX answers again as before.
##
## Keys of /etc/openhabian.conf, all optional:
##   hubgateaction=        install or remove: what an unattended run does; empty: nothing
##   hubgatehost=          the name the home is reached by from outside; with NGINX: in addition to its own names
##   hubgateuser=          without NGINX: who may enter from outside (default: username, else openhabian)
##   hubgatepw=            without NGINX: the password; empty: nobody enters from outside. Replaced by
##                         xxxxxxxx here once it is set
##   hubgatehttp=80        without NGINX: the ports, and where openHAB is
##   hubgatehttps=443
##   hubgateupstream=http://127.0.0.1:8080
##   HUBGATE_DEB=          a package file to install; or
##   HUBGATE_URL=          an https address to get it from, with
##   HUBGATE_SHA256=       its checksum; without any of these apt is asked

## Tell whether hubgate is installed
##
##    is_hubgate_installed()
##
is_hubgate_installed() {
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' hubgate 2> /dev/null) == "installed" ]]
}

## Do what `hubgateaction` in openhabian.conf says
##
##    setup_hubgate()
##
setup_hubgate() {
  if [[ -z ${hubgateaction:-} ]]; then
    echo "$(timestamp) [openHABian] Beginning hubgate setup... SKIPPED (no configuration provided)"
    return 0
  fi
  install_hubgate "$hubgateaction"
}

## Put hubgate into NGINX's place, or NGINX back into its own
## Valid arguments: "install" or "remove"
##
##    install_hubgate(String action)
##
install_hubgate() (
  hubgate_act "$@"
)

## In a shell of its own, because of its options, traps and variables
hubgate_act() {
  set +e -uo pipefail
  hubgate_places
  case "${1:-}" in
    install) hubgate_begin && hubgate_install ;;
    remove) hubgate_begin && hubgate_remove ;;
    *) echo "usage: install_hubgate install|remove" >&2; return 2 ;;
  esac
}

hubgate_places() {
  local root="${HUBGATE_ROOT:-}"
  nginxConf="${root}/etc/nginx/nginx.conf"
  letsencrypt="${root}/etc/letsencrypt"
  proxyYaml="${root}/etc/hubgate/proxy.yaml"
  newYaml="${proxyYaml}.new"
  passwordFile="${root}/etc/hubgate/.htpasswd"
  settings="${root}/etc/openhabian.conf"
  debianRelease="${root}/etc/os-release"
  hubgateState="${root}/var/lib/hubgate"
  # Survives a run that is killed: `running` says that one is under way and how
  # far it came, `nginx` how NGINX was, the others what else is to be put back.
  memory="${root}/var/lib/openhabian/hubgate"
  hubgateLog="${root}/var/log/openhabian-hubgate.log"
  kind="" journal="" reason="" failedStep="" outcome="" meaning=""
}

## One run at a time, without a terminal unless there are questions to ask; and
## first of all an end to the run before, if that one did not come to it.
hubgate_begin() {
  if [[ $(id -u) != 0 ]]; then echo "$(timestamp) [openHABian] hubgate: this needs root: run it with sudo" >&2; return 1; fi
  if [[ -z ${INTERACTIVE:-} ]]; then exec < /dev/null; fi
  export DEBIAN_FRONTEND=noninteractive
  mkdir -p "$memory" "${hubgateLog%/*}" && chmod 700 "$memory" && touch "$hubgateLog" || return 1
  exec {lock}> "${memory}/lock"
  if ! flock --nonblock "$lock"; then echo "$(timestamp) [openHABian] hubgate: another run is under way" >&2; return 1; fi
  exec {terminal}>&1
  trap '' PIPE
  trap hubgate_interrupted INT TERM HUP
  if [[ ! -e ${memory}/running ]]; then return 0; fi
  echo "$(timestamp) [openHABian] The hubgate run before ended in the middle ($(cat "${memory}/running")), rolling it back first."
  hubgate_roll_back
  if [[ -e ${memory}/running ]]; then hubgate_tell_failure; return 1; fi
  journal="" reason="" failedStep="" outcome=""
}

hubgate_interrupted() {
  trap '' INT TERM HUP
  exec >&"$terminal"
  reason="interrupted"
  echo "INTERRUPTED"
  if [[ -e ${memory}/running ]]; then hubgate_roll_back; fi
  hubgate_tell_failure
  exit 130
}

hubgate_install() {
  hubgate_choose_kind
  hubgate_ask || { echo "CANCELED"; return 0; }
  if [[ $kind == upgrade ]]; then hubgate_upgrade_steps; else hubgate_install_steps; fi || {
    if [[ -e ${memory}/running ]]; then hubgate_roll_back; fi
    hubgate_tell_failure
    return 1
  }
  if [[ -f ${memory}/candidate.deb ]]; then mv -f "${memory}/candidate.deb" "${memory}/hubgate.deb"; fi
  hubgate_tell_success
  hubgate_forget running yaml
}

hubgate_install_steps() {
  hubgate_step "Checking this machine" hubgate_check_machine &&
    journal="$kind" &&
    hubgate_step "Checking NGINX" hubgate_check_nginx &&
    hubgate_step "Getting hubgate" hubgate_get &&
    hubgate_step "Writing proxy.yaml" hubgate_write_yaml &&
    hubgate_step "Letting hubgate read its files" hubgate_let_read &&
    hubgate_step "Checking proxy.yaml" hubgate_check_yaml "$newYaml" &&
    hubgate_step "Checking the ports" hubgate_check_ports &&
    hubgate_step "Taking proxy.yaml" hubgate_take_yaml &&
    hubgate_step "Stopping NGINX" hubgate_stop_nginx &&
    hubgate_step "Starting hubgate" hubgate_start &&
    hubgate_step "Asking hubgate as a browser does" hubgate_verify &&
    hubgate_step "Making it last" hubgate_make_last
}

## The operator's proxy.yaml is not written anew; the package hands the open
## connections over to the new program.
hubgate_upgrade_steps() {
  hubgate_step "Checking this machine" hubgate_check_machine &&
    journal="$kind" && hubgate_note version "$(hubgate_version)" &&
    hubgate_step "Getting hubgate" hubgate_get &&
    hubgate_step "Checking proxy.yaml" hubgate_check_yaml "$proxyYaml" &&
    hubgate_step "Starting hubgate" hubgate_start &&
    hubgate_step "Asking hubgate as a browser does" hubgate_verify
}

hubgate_remove() {
  kind="remove"
  if [[ -n ${INTERACTIVE:-} ]] && ! whiptail --title "hubgate" --yes-button "Continue" --no-button "Back" \
    --yesno "This stops hubgate and puts NGINX back as it was before." 8 80; then echo "CANCELED"; return 0; fi
  if hubgate_remembers active; then
    hubgate_step "Checking NGINX" hubgate_test_nginx || { hubgate_tell_failure; return 1; }
  fi
  journal="remove"
  hubgate_step "Stopping hubgate" hubgate_stop || { hubgate_forget running; hubgate_tell_failure; return 1; }
  if ! hubgate_step "Putting NGINX back" hubgate_put_nginx_back; then
    local cause="$reason"
    outcome="hubgate does not answer either"
    if hubgate_run systemctl enable hubgate.service && hubgate_start; then outcome="hubgate goes on"; fi
    reason="$cause"
    hubgate_forget running
    hubgate_tell_failure
    return 1
  fi
  hubgate_put_modes_back
  hubgate_step "Removing the package" hubgate_remove_package || true
  hubgate_forget running nginx yaml hubgate.deb candidate.deb
  hubgate_tell "hubgate is removed, and NGINX is as it was before. ${proxyYaml} and ${hubgateState} were left where they are. If certbot's certificate ran out meanwhile, run: certbot renew"
}

## Undoes what the run noted in `running` did. Each part may be done twice, so
## that this, too, may be interrupted.
hubgate_roll_back() {
  local cause="$reason" step="$failedStep"
  journal="$(cut -d: -f1 "${memory}/running")"
  if [[ $journal == upgrade ]]; then
    outcome="hubgate goes on as before"
    if ! hubgate_step "Putting the hubgate of before back" hubgate_put_version_back; then
      outcome="hubgate does not answer (${reason})"
    fi
    if [[ $outcome == "hubgate goes on"* ]] || ! hubgate_remembers active; then
      hubgate_forget running candidate.deb
      reason="${cause:-interrupted}" failedStep="$step"
      return 0
    fi
  fi
  hubgate_step "Stopping hubgate" hubgate_stop
  hubgate_put_yaml_back
  hubgate_put_modes_back
  if hubgate_step "Putting NGINX back" hubgate_put_nginx_back; then
    outcome="$(hubgate_remembers active && echo "NGINX answers as before" || echo "everything is as before")"
    hubgate_forget running nginx yaml candidate.deb
  else
    outcome="NGINX could not be put back (${reason}): put that right and call this again"
  fi
  reason="${cause:-interrupted}" failedStep="$step"
}

## A step of a run: told, noted, and with its cause when it fails
##
##    hubgate_step(String title, String function, ...)
##
hubgate_step() {
  local title="$1"
  shift
  echo -n "$(timestamp) [openHABian] ${title}... "
  echo "$(timestamp) ${title}" >> "$hubgateLog"
  if [[ -n $journal ]]; then hubgate_note running "${journal}: ${title}" || return 1; fi
  reason=""
  if "$@"; then echo "OK"; return 0; fi
  failedStep="$title"
  reason="${reason:-see the log}"
  echo "FAILED (${reason})"
  echo "$(timestamp) FAILED: ${reason}" >> "$hubgateLog"
  return 1
}

hubgate_because() {
  reason="$*"
  return 1
}

## Output goes into the log always, and to the terminal as openHABian does.
hubgate_run() {
  cond_redirect hubgate_logged "$@"
}

hubgate_logged() {
  "$@" 2>&1 | tee -a "$hubgateLog"
  return "${PIPESTATUS[0]}"
}

hubgate_tell() {
  echo "$(timestamp) [openHABian] $*"
  if [[ -n ${INTERACTIVE:-} ]]; then whiptail --title "hubgate" --msgbox "$*" 20 80; fi
}

hubgate_tell_failure() {
  hubgate_tell "hubgate: \"${failedStep:-between two steps}\" failed: ${reason}. ${outcome:-Nothing was changed}. Log: ${hubgateLog}"
}

hubgate_tell_success() {
  local text="hubgate serves."
  if [[ $kind == install ]]; then
    text+=" Who may enter is in ${proxyYaml}; hubgate check tells what it means."
    if [[ -e ${memory}/import-report ]]; then text+=" What became of NGINX's configuration: ${memory}/import-report."; fi
    if [[ -e ${memory}/yaml ]] && [[ -n $(cat "${memory}/yaml") ]]; then text+=" The proxy.yaml of before: $(cat "${memory}/yaml")."; fi
    text+="$(hubgate_told_modes)$(hubgate_told_certbot)"
  fi
  hubgate_tell "${text}${note:-}"
}

hubgate_told_modes() {
  if [[ -s ${memory}/modes ]]; then
    echo -n " Group $(hubgate_group) may read now: $(awk '{ $1 = $2 = ""; print substr($0, 3) }' "${memory}/modes" | paste -sd ' ')."
  fi
  if [[ -s ${memory}/groups ]]; then echo -n " hubgate joined the group $(paste -sd ' ' "${memory}/groups")."; fi
}

hubgate_told_certbot() {
  local renewals
  renewals="$(grep -lE '^authenticator *= *(nginx|webroot|standalone)' "$letsencrypt"/renewal/*.conf 2> /dev/null | sed 's|.*/||; s|\.conf$||' | paste -sd ' ')"
  if [[ -z $renewals ]]; then return 0; fi
  echo -n " certbot's timer was left on, but its renewals need port 80 and NGINX and will fail from now on for: ${renewals}. hubgate renews what is \`acme\` in proxy.yaml; once that works: certbot delete --cert-name NAME."
}

## Written whole or not at all, and on the disk before anything is done
hubgate_note() {
  printf '%s\n' "$2" > "${memory}/$1.part" && sync "${memory}/$1.part" && mv -f "${memory}/$1.part" "${memory}/$1"
}

hubgate_forget() {
  local name
  for name; do rm -f "${memory:?}/${name}"; done
}

hubgate_remembers() {
  grep -qsx "$1" "${memory}/nginx"
}

## hubgate that serves already is upgraded, whoever put it there; and so is one
## that took NGINX's place and is stopped just now.
hubgate_choose_kind() {
  kind="install"
  if [[ -e ${memory}/nginx ]]; then kind="upgrade"; fi
  if systemctl is-active --quiet hubgate.service && ! hubgate_is_nginx_used; then kind="upgrade"; fi
}

hubgate_is_nginx_used() {
  command -v nginx > /dev/null && [[ -f $nginxConf ]] || return 1
  systemctl is-active --quiet nginx.service || systemctl is-enabled --quiet nginx.service
}

hubgate_ask() {
  if [[ -z ${INTERACTIVE:-} ]]; then return 0; fi
  local text="This puts hubgate into NGINX's place. NGINX's configuration is taken over and kept; if anything fails, NGINX is put back by itself."
  if [[ $kind == upgrade ]]; then text="hubgate serves already. This upgrades it."; fi
  whiptail --title "hubgate" --yes-button "Continue" --no-button "Back" --yesno "$text" 10 80 || return 1
  if [[ $kind == upgrade ]] || hubgate_is_nginx_used; then return 0; fi
  hubgatehost="$(whiptail --title "hubgate" --inputbox "The name your home has on the Internet, or nothing:" 10 80 "${hubgatehost:-}" 3>&1 1>&2 2>&3)" || return 1
  hubgatepw="$(whiptail --title "hubgate" --passwordbox "The password to enter from outside, or nothing to let nobody in:" 10 80 3>&1 1>&2 2>&3)" || return 1
  if [[ -z $hubgatepw ]]; then return 0; fi
  hubgateuser="$(whiptail --title "hubgate" --inputbox "The user to enter from outside:" 10 80 "${hubgateuser:-${username:-openhabian}}" 3>&1 1>&2 2>&3)"
}

hubgate_check_machine() {
  local program version
  for program in curl dpkg flock openssl runuser ss systemctl; do
    command -v "$program" > /dev/null || { hubgate_because "${program} is missing"; return; }
  done
  version="$(sed -n 's/^VERSION_ID="\?\([0-9]*\).*/\1/p' "$debianRelease" 2> /dev/null)"
  if grep -qE '^ID="?(debian|raspbian)' "$debianRelease" && ((${version:-0} < 11)); then
    hubgate_because "hubgate needs Debian 11 or later, and this is ${version:-unknown}"; return
  fi
  case "$(dpkg --print-architecture)" in
    amd64 | arm64 | armhf) ;;
    *) hubgate_because "there is no hubgate for $(dpkg --print-architecture): it needs amd64, arm64 or armhf"; return ;;
  esac
  if [[ $kind == install ]] && systemctl is-active --quiet hubgate.service; then
    hubgate_because "hubgate runs beside NGINX: end one of them first, as by systemctl disable --now hubgate"; return
  fi
  if [[ ! ${hubgatehost:-} =~ ^[A-Za-z0-9.-]*$ ]]; then hubgate_because "hubgatehost is no host name: ${hubgatehost}"; return; fi
  if [[ ${hubgateuser:-} == *[:[:space:]]* ]]; then hubgate_because "hubgateuser may have no colon or space: ${hubgateuser}"; return; fi
}

## What a roll-back or removal leads back to
hubgate_check_nginx() {
  local state=""
  if hubgate_is_nginx_used; then
    hubgate_test_nginx || return
    state="used"
    if systemctl is-active --quiet nginx.service; then state+=$'\nactive'; fi
    if systemctl is-enabled --quiet nginx.service; then state+=$'\nenabled'; fi
  fi
  hubgate_note nginx "$state"
}

hubgate_test_nginx() {
  local output
  output="$(nginx -t -c "$nginxConf" 2>&1)" && return 0
  echo "$output" >> "$hubgateLog"
  hubgate_because "NGINX's own configuration has a fault: $(grep -m1 emerg <<< "$output" | sed 's/.*\[emerg\] //; s/^[0-9#]*: //')"
}

hubgate_get() {
  local deb="${HUBGATE_DEB:-}"
  if [[ -z $deb ]] && [[ -n ${HUBGATE_URL:-} ]]; then
    hubgate_download || return
    deb="${memory}/candidate.deb"
  fi
  if [[ -z $deb ]]; then hubgate_get_by_apt; return; fi
  hubgate_check_package "$deb" || return
  if [[ $deb != "${memory}/candidate.deb" ]]; then cp -f "$deb" "${memory}/candidate.deb" || return 1; fi
  hubgate_run apt-get install --yes --allow-downgrades "${memory}/candidate.deb" || hubgate_because "apt-get could not install ${deb}"
}

hubgate_get_by_apt() {
  if hubgate_run apt-get update && hubgate_run apt-get install --yes hubgate; then return 0; fi
  hubgate_because "apt-get could not get hubgate: name a package file in HUBGATE_DEB, or HUBGATE_URL with HUBGATE_SHA256"
}

hubgate_download() {
  if [[ ! ${HUBGATE_SHA256:-} =~ ^[0-9a-fA-F]{64}$ ]]; then hubgate_because "HUBGATE_SHA256 must be the checksum of HUBGATE_URL"; return; fi
  if [[ $HUBGATE_URL != https://* ]]; then hubgate_because "HUBGATE_URL must begin with https://"; return; fi
  hubgate_run curl --fail --silent --show-error --location --proto '=https' --retry 2 --output "${memory}/candidate.deb" "$HUBGATE_URL" ||
    { hubgate_because "could not download ${HUBGATE_URL}"; return; }
  sha256sum --check --status <<< "${HUBGATE_SHA256,,}  ${memory}/candidate.deb" ||
    hubgate_because "what ${HUBGATE_URL} gave has another checksum than HUBGATE_SHA256"
}

hubgate_check_package() {
  local name architecture
  if [[ ! -f $1 ]]; then hubgate_because "there is no package file $1"; return; fi
  name="$(dpkg-deb --field "$1" Package 2>> "$hubgateLog")"
  architecture="$(dpkg-deb --field "$1" Architecture 2>> "$hubgateLog")"
  if [[ $name != hubgate ]]; then hubgate_because "$1 is not a package of hubgate"; return; fi
  if [[ $architecture != all ]] && [[ $architecture != "$(dpkg --print-architecture)" ]]; then
    hubgate_because "$1 is for ${architecture}, and this machine is $(dpkg --print-architecture)"
  fi
}

hubgate_write_yaml() {
  rm -f "$newYaml" "${memory}/import-report"
  if hubgate_remembers used; then hubgate_import; else hubgate_write_fresh; fi
}

hubgate_import() {
  local report="${memory}/import-report" host=()
  if [[ -n ${hubgatehost:-} ]]; then host=(--host "$hubgatehost"); fi
  if hubgate import-nginx "$nginxConf" --out "$newYaml" "${host[@]}" > /dev/null 2> "$report"; then
    cat "$report" >> "$hubgateLog"
    return 0
  fi
  cat "$report" >> "$hubgateLog"
  hubgate_because "NGINX's configuration cannot be taken over as it is: $(hubgate_first_stop "$report")"
}

## The first of what stopped the import, or why it could not begin
hubgate_first_stop() {
  local stop
  stop="$(sed -n '/^the import stops/ { n; s/^ *//; p; q }' "$1")"
  if [[ -n $stop ]]; then echo "$stop"; else tail -n 1 "$1"; fi
}

## Without NGINX: at home without a question; from outside with the password, or not at all.
hubgate_write_fresh() {
  local name access="networks: [lan]" password=""
  name="$(hostname)"
  if [[ -n ${hubgatepw:-} ]] && [[ $hubgatepw != xxxxxxxx ]]; then
    password="set"
    access+=", password: ${passwordFile}"
  fi
  {
    printf 'listen:\n  http: ["[::]:%s"]\n  https: ["[::]:%s"]\n' "${hubgatehttp:-80}" "${hubgatehttps:-443}"
    printf 'state: %s\n\nsites:\n' "$hubgateState"
    hubgate_fresh_site "$name, $name.local" self-signed
    if [[ -n ${hubgatehost:-} ]]; then
      hubgate_fresh_site "$hubgatehost" "$(hubgate_is_public "$hubgatehost" && echo acme || echo self-signed)"
    fi
  } > "$newYaml"
  if [[ -n $password ]]; then hubgate_set_password; fi
}

hubgate_fresh_site() {
  printf '  - hosts: [%s]\n    certificate: %s\n    upstream: %s\n    access: {%s}\n' \
    "$1" "$2" "${hubgateupstream:-http://127.0.0.1:8080}" "$access"
}

## A name that a CA on the Internet may give a certificate for
hubgate_is_public() {
  [[ $1 == *.* ]] && [[ ! $1 =~ ^[0-9.]+$ ]] &&
    [[ ! $1 =~ \.(local|localdomain|localhost|lan|home|internal|intranet|private|corp|test|invalid|example|home\.arpa|fritz\.box)$ ]]
}

## Only over stdin: what is in argv, everybody on the machine can read.
hubgate_set_password() {
  local - action="add" user="${hubgateuser:-${username:-openhabian}}"
  set +x
  if grep -qs "^${user}:" "$passwordFile"; then action="passwd"; fi
  printf '%s\n' "$hubgatepw" | hubgate -c "$newYaml" user "$action" "$user" >> "$hubgateLog" 2>&1 ||
    hubgate_because "hubgate user ${action}: $(tail -n 1 "$hubgateLog")"
}

hubgate_account() {
  local account
  account="$(systemctl show --property User --value hubgate.service)"
  echo "${account:-root}"
}

hubgate_group() {
  id -gn "$(hubgate_account)"
}

## hubgate runs as an account of its own, where NGINX reads keys as root. What
## that account can read already is left alone; what belongs to group root is
## handed to its group; into any other group that may read, it is taken. Owners
## and what others may do stay, so NGINX reads everything as before.
hubgate_let_read() {
  local account file files
  account="$(hubgate_account)"
  mapfile -t files < <(hubgate_named_files)
  for file in "${files[@]}"; do
    hubgate_let_read_file "$account" "$file" || return
  done
}

## The files named in proxy.yaml, and certbot's certificates for its hosts
hubgate_named_files() {
  local words word path
  mapfile -t words < <(sed 's/\(^\|[[:space:]]\)#.*//' "$newYaml" | grep -oE '[^][[:space:],{}"'\'']+')
  for word in "${words[@]}"; do
    for path in "$word" "$letsencrypt/live/${word#\*.}"/{fullchain,privkey}.pem; do
      if [[ $path == /* ]] && [[ -f $path ]]; then echo "$path"; fi
    done
  done | sort -u
}

hubgate_let_read_file() {
  local path folder part
  for path in "$2" "$(realpath "$2")"; do
    folder=""
    while IFS= read -r -d / part; do
      folder+="${part}/"
      hubgate_let_use "$1" x "$folder" || return
    done <<< "$path"
  done
  hubgate_let_use "$1" r "$path"
}

hubgate_let_use() {
  local account="$1" bit="$2" path="$3" group mode
  if runuser -u "$account" -- test "-$bit" "$path"; then return 0; fi
  read -r mode group < <(stat --format '%a %G' "$path")
  if [[ $group == root ]] && hubgate_is_roots "$path"; then
    echo "$mode $group $path" >> "${memory}/modes" && sync "${memory}/modes"
    hubgate_run chgrp "$(hubgate_group)" "$path" && hubgate_run chmod "g+$bit" "$path" || return 1
  elif [[ -n $(find "$path" -maxdepth 0 -perm "-g+$bit") ]] && ! grep -qsx "$group" "${memory}/groups"; then
    echo "$group" >> "${memory}/groups"
    hubgate_run usermod --append --groups "$group" "$account" || return 1
  fi
  runuser -u "$account" -- test "-$bit" "$path" ||
    hubgate_because "the account ${account} may not read ${path}: let its group do so (chgrp, chmod g+${bit})"
}

## Whether no other user could put a link in its place
hubgate_is_roots() {
  local path="${1%/}"
  while [[ $(stat --format %u "${path:-/}") == 0 ]]; do
    if [[ -z $path ]]; then return 0; fi
    path="${path%/*}"
  done
  return 1
}

## Latest first, so that what was changed twice ends as it began
hubgate_put_modes_back() {
  local mode group path
  if [[ -e ${memory}/modes ]]; then
    while read -r mode group path; do
      if [[ -e $path ]]; then chgrp "$group" "$path" && chmod "$mode" "$path"; fi
    done < <(tac "${memory}/modes")
  fi
  if [[ -e ${memory}/groups ]]; then
    while read -r group; do
      hubgate_run gpasswd --delete "$(hubgate_account)" "$group"
    done < "${memory}/groups"
  fi
  hubgate_forget modes groups
}

hubgate_check_yaml() {
  local account output
  account="$(hubgate_account)"
  output="$(runuser -u "$account" -- hubgate -c "$1" check 2>&1)"
  local status=$?
  printf '%s\n' "$output" >> "$hubgateLog"
  if ((status)); then hubgate_because "hubgate check: $(grep -m1 . <<< "$output")"; return; fi
  meaning="$output"
}

## Where https or http can be asked, from the sentence "listens on A, B (https) and C (http, …)"
hubgate_addresses() {
  sed -n 's/^listens on //p' <<< "$meaning" | sed 's/ and /\n/' | grep "($1[,)]" | sed 's/ (.*//' | tr -d ' ' | tr ',' '\n' |
    sed 's/^\(\[::]\|0\.0\.0\.0\):/127.0.0.1:/' | sort -u
}

hubgate_ports() {
  hubgate_addresses "$1" | sed 's/.*://' | sort -u
}

hubgate_hosts() {
  sed '1,/^listens on/d; /^ /d; /^warning/d; /^$/d' <<< "$meaning" | tr -d ' ' | tr ',' '\n'
}

hubgate_check_ports() {
  local port holder
  for port in $(hubgate_ports https) $(hubgate_ports http); do
    holder="$(ss --no-header --listening --tcp --numeric --processes "sport = :${port}" | grep -vE '"(nginx|hubgate)"' | head -n 1)"
    if [[ -z $holder ]]; then continue; fi
    holder="$(grep -oE '"[^"]+",pid=[0-9]+' <<< "$holder" | head -n 1 | sed 's/"\(.*\)",pid=\(.*\)/\1 (process \2)/')"
    hubgate_because "port ${port} is held by ${holder:-another program}: stop it, or give it another port"; return
  done
}

## The file of before stays beside it under a number.
hubgate_take_yaml() {
  local number=1
  if [[ ! -e $proxyYaml ]]; then
    hubgate_note yaml ""
  else
    while [[ -e ${proxyYaml}.${number} ]]; do ((number += 1)); done
    cp -a "$proxyYaml" "${proxyYaml}.${number}" && hubgate_note yaml "${proxyYaml}.${number}" || return 1
  fi
  chmod 644 "$newYaml" && mv -f "$newYaml" "$proxyYaml"
}

hubgate_put_yaml_back() {
  rm -f "$newYaml"
  if [[ ! -e ${memory}/yaml ]]; then return 0; fi
  local before
  before="$(cat "${memory}/yaml")"
  if [[ -z $before ]]; then rm -f "$proxyYaml"; elif [[ -e $before ]]; then mv -f "$before" "$proxyYaml"; fi
  hubgate_forget yaml
}

hubgate_stop_nginx() {
  if ! hubgate_remembers active; then return 0; fi
  capturedCertificate="$(hubgate_shown_certificate)"
  hubgate_run systemctl stop nginx.service || hubgate_because "systemctl could not stop NGINX"
}

hubgate_start() {
  if systemctl is-active --quiet hubgate.service; then
    hubgate_run systemctl reload hubgate.service || hubgate_because "hubgate did not take proxy.yaml: $(hubgate_last_words)"
    return
  fi
  hubgate_run systemctl start hubgate.service || hubgate_because "hubgate did not start: $(hubgate_last_words)"
}

hubgate_last_words() {
  journalctl --unit hubgate.service --lines 20 --output cat --no-pager 2> /dev/null | tee -a "$hubgateLog" | grep . | tail -n 1
}

hubgate_stop() {
  hubgate_run systemctl disable hubgate.service
  if ! systemctl is-active --quiet hubgate.service; then
    hubgate_run systemctl reset-failed hubgate.service
    return 0
  fi
  hubgate_run systemctl stop hubgate.service || hubgate_because "systemctl could not stop hubgate"
}

## Only now, so that a machine that restarts in the middle comes up with NGINX
hubgate_make_last() {
  hubgate_run systemctl enable hubgate.service || { hubgate_because "systemctl could not enable hubgate"; return; }
  if hubgate_remembers enabled; then
    hubgate_run systemctl disable nginx.service || hubgate_because "systemctl could not disable NGINX"
  fi
  hubgate_scrub_password
}

hubgate_scrub_password() {
  if [[ -f $settings ]]; then sed -i 's/^hubgatepw=..*$/hubgatepw=xxxxxxxx/' "$settings"; fi
}

hubgate_put_nginx_back() {
  if hubgate_remembers enabled; then hubgate_run systemctl enable nginx.service; fi
  if ! hubgate_remembers active; then return 0; fi
  if systemctl is-active --quiet nginx.service; then return 0; fi
  if hubgate_run systemctl start nginx.service && systemctl is-active --quiet nginx.service; then return 0; fi
  hubgate_test_nginx && hubgate_because "systemctl could not start NGINX"
}

hubgate_version() {
  dpkg-query --show --showformat='${Version}' hubgate 2> /dev/null
}

## The last package that served is kept for this. What serves is not disturbed.
hubgate_put_version_back() {
  if [[ $(hubgate_version) != "$(cat "${memory}/version")" ]] && [[ -f ${memory}/hubgate.deb ]]; then
    hubgate_run apt-get install --yes --allow-downgrades "${memory}/hubgate.deb" || { hubgate_because "apt-get could not install it"; return; }
    hubgate_run systemctl restart hubgate.service
  fi
  if ! systemctl is-active --quiet hubgate.service; then
    hubgate_run systemctl start hubgate.service || { hubgate_because "it did not start: $(hubgate_last_words)"; return; }
  fi
  if [[ -n $meaning ]]; then hubgate_verify; fi
}

hubgate_remove_package() {
  if ! is_hubgate_installed; then return 0; fi
  hubgate_run dpkg --remove hubgate || hubgate_because "dpkg could not remove the package"
}

## Every name, at every address, as a browser would; hubgate gets some seconds to come up.
hubgate_verify() {
  local host address deadline=$((SECONDS + ${hubgatewait:-20}))
  for host in $(hubgate_hosts); do
    if [[ $host == *:* ]]; then continue; fi
    host="${host/#\*/hubgate}"
    for address in $(hubgate_addresses https); do
      hubgate_until "$deadline" hubgate_verify_answer https "$host" "$address" || return
      hubgate_verify_certificate "$host" "$address" || return
    done
    for address in $(hubgate_addresses http); do
      hubgate_until "$deadline" hubgate_verify_http "$host" "$address" || return
    done
  done
  systemctl is-active --quiet hubgate.service || hubgate_because "hubgate ended: $(hubgate_last_words)"
}

hubgate_until() {
  local deadline="$1"
  shift
  until "$@"; do
    if ((SECONDS >= deadline)); then return 1; fi
    sleep 0.2
  done
}

## curl as a browser of this machine, whatever proxy its settings name
hubgate_curl() {
  curl --silent --insecure --noproxy '*' --max-time 5 --resolve "$2:${3##*:}:${3%:*}" --output /dev/null --write-out '%{http_code} %{redirect_url}' "$1://$2:${3##*:}/"
}

hubgate_verify_answer() {
  local status
  status="$(hubgate_curl "$1" "$2" "$3")"
  case "${status%% *}" in
    000) hubgate_because "nothing answers for $2 at $3" ;;
    400 | 421) hubgate_because "hubgate does not know the host $2 at $3 (${status%% *})" ;;
    502 | 503 | 504) hubgate_verify_hub "$2" "${status%% *}" ;;
    5*) hubgate_because "$2 answers ${status%% *} at $3" ;;
  esac
}

## openHAB that starts or is stopped is not hubgate's fault.
hubgate_verify_hub() {
  local hub
  while read -r hub; do
    if curl --silent --insecure --noproxy '*' --max-time 5 --output /dev/null "$hub"; then
      hubgate_because "${hub} answers, but hubgate says $2 for $1"; return
    fi
  done < <(sed -n 's/^  hub  *//p' <<< "$meaning" | grep -oE 'https?://[^ ,]+')
  note=" openHAB itself does not answer yet."
}

hubgate_verify_http() {
  local answer
  answer="$(hubgate_curl http "$1" "$2")"
  if [[ -z $(hubgate_ports https) ]]; then hubgate_verify_answer http "$1" "$2"; return; fi
  if [[ $answer == 30[18]\ https://* ]]; then return 0; fi
  hubgate_because "http at $2 does not lead to https for $1 but answers ${answer}"
}

## The one that NGINX showed; where that was none or a bad one, it names the host and is in time.
hubgate_verify_certificate() {
  local certificate shown
  certificate="$(hubgate_fetch_certificate "$1" "$2")"
  if [[ -z $certificate ]]; then hubgate_because "no certificate comes for $1 at $2"; return; fi
  shown="$(hubgate_fingerprint "$certificate")"
  if grep -qF " ${shown}" <<< "${capturedCertificate:-}"; then return 0; fi
  if ! openssl x509 -noout -checkend 0 <<< "$certificate" > /dev/null; then hubgate_because "the certificate for $1 has run out"; return; fi
  if ! hubgate_is_named "$1" "$certificate"; then
    hubgate_because "the certificate for $1 is for another name: $(openssl x509 -noout -subject <<< "$certificate")"; return
  fi
  if grep -qF "good $1 " <<< "${capturedCertificate:-}"; then
    hubgate_because "NGINX showed another certificate for $1 than hubgate does ($(openssl x509 -noout -issuer <<< "$certificate")): name its files as \`chain\` and \`key\`"
  fi
}

## $1: host, $2: certificate
hubgate_is_named() {
  local option="-checkhost"
  if [[ $1 =~ ^[0-9.]+$ ]]; then option="-checkip"; fi
  openssl x509 -noout "$option" "$1" <<< "$2" | grep -q "does match"
}

hubgate_fetch_certificate() {
  local name=(-servername "$1")
  if [[ $1 =~ ^[0-9.]+$ ]]; then name=(-noservername); fi
  timeout 10 openssl s_client -connect "$2" "${name[@]}" < /dev/null 2> /dev/null | openssl x509 2> /dev/null
}

hubgate_fingerprint() {
  openssl x509 -noout -fingerprint -sha256 <<< "$1"
}

## Of what NGINX shows for the same names: `good` if it is in time and for the name, the name, the fingerprint
hubgate_shown_certificate() {
  local host address certificate kind
  for host in $(hubgate_hosts); do
    host="${host/#\*/hubgate}"
    for address in $(hubgate_addresses https); do
      certificate="$(hubgate_fetch_certificate "$host" "$address")"
      if [[ -z $certificate ]]; then continue; fi
      kind="bad"
      if hubgate_is_named "$host" "$certificate" && openssl x509 -noout -checkend 0 <<< "$certificate" > /dev/null; then kind="good"; fi
      echo "${kind} ${host} $(hubgate_fingerprint "$certificate")"
    done
  done
}

## What openHABian provides otherwise
hubgate_stand_alone() {
  timestamp() { date +"%F_%T_%Z"; }
  cond_redirect() { "$@" > /dev/null; }
  if [[ -f ${HUBGATE_ROOT:-}/etc/openhabian.conf ]]; then
    # shellcheck source=/dev/null
    source "${HUBGATE_ROOT:-}/etc/openhabian.conf"
  fi
  if [[ -z ${UNATTENDED:-} ]] && [[ -t 0 ]] && [[ -t 1 ]] && command -v whiptail > /dev/null; then INTERACTIVE=1; fi
  hubgate_act "$@"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -euo pipefail
  hubgate_stand_alone "$@"
fi
