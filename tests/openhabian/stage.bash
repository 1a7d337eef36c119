#!/usr/bin/env bash
# A machine in a folder: NGINX as openHABian sets it up, the real hubgate, and
# stand-ins for what needs root, systemd or a network.

setup_stage() {
    unset INTERACTIVE UNATTENDED HUBGATE_URL HUBGATE_SHA256
    export HUBGATE_ROOT="$SUITE/$BATS_TEST_NUMBER-${BATS_TEST_FILENAME##*/}"
    export HUBGATE_PROGRAM="$SUITE/hubgate"
    export PATH="$HUBGATE_ROOT/usr/bin:$BATS_TEST_DIRNAME/stand-ins:$PATH:/usr/sbin:/sbin"
    export ADD_ON="$BATS_TEST_DIRNAME/../../scripts/openhabian-hubgate.bash"
    mkdir -p "$HUBGATE_ROOT"/{etc/nginx/sites-enabled,etc/ssl/certs,run,faults,usr/bin,var/log,var/lib}
    cp /etc/os-release "$HUBGATE_ROOT/etc/"
    read -r HTTP_PORT HTTPS_PORT < <(free_ports)
    export HTTP_PORT HTTPS_PORT
    build_package 1.0
    export HUBGATE_DEB="$HUBGATE_ROOT/hubgate_1.0.deb"
}

teardown_stage() {
    rm -rf "${HUBGATE_ROOT:?}/faults"
    systemctl stop hubgate.service || true
    systemctl stop nginx.service || true
    rm -rf "${HUBGATE_ROOT:?}"
}

free_ports() {
    python3 -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(socket.getsockname()[1] for socket in held))'
}

# A real package, VERSION [PROGRAM], of a program that can be made to fail.
build_package() {
    local folder="$HUBGATE_ROOT/package-$1"
    mkdir -p "$folder"/{DEBIAN,usr/bin,etc/hubgate}
    printf 'Package: hubgate\nVersion: %s\nArchitecture: %s\nMaintainer: x <x@example.org>\nDescription: x\n' \
        "$1" "$(dpkg --print-architecture)" >"$folder/DEBIAN/control"
    install -m 755 "${2:-$BATS_TEST_DIRNAME/stand-ins/hubgate}" "$folder/usr/bin/hubgate"
    echo "# the package's own" >"$folder/etc/hubgate/proxy.yaml"
    dpkg-deb --root-owner-group -Znone --build "$folder" "$HUBGATE_ROOT/hubgate_$1.deb" >/dev/null
    rm -r "$folder"
}

# The site that openHABian's menu writes for a domain with certificate and password.
setup_nginx() {
    local etc="$HUBGATE_ROOT/etc"
    cp "$SUITE/openhab.crt" "$SUITE/openhab.key" "$etc/ssl/certs/"
    chmod 600 "$etc/ssl/certs/openhab.key"
    htpasswd -bcm "$etc/nginx/.htpasswd" anna secret-of-anna 2>/dev/null
    write_nginx_conf
    write_site ''
    systemctl enable nginx.service
    systemctl start nginx.service
    nginx_answers
}

write_nginx_conf() {
    local user=''
    ((EUID != 0)) || user='user www-data;'
    cat >"$HUBGATE_ROOT/etc/nginx/nginx.conf" <<CONF
$user
pid $HUBGATE_ROOT/run/nginx.pid;
error_log $HUBGATE_ROOT/var/log/nginx-error.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $HUBGATE_ROOT/run/body;
    proxy_temp_path $HUBGATE_ROOT/run/proxy;
    fastcgi_temp_path $HUBGATE_ROOT/run/fastcgi;
    uwsgi_temp_path $HUBGATE_ROOT/run/uwsgi;
    scgi_temp_path $HUBGATE_ROOT/run/scgi;
    include $HUBGATE_ROOT/etc/nginx/sites-enabled/*;
}
CONF
}

write_site() {
    cat >"$HUBGATE_ROOT/etc/nginx/sites-enabled/openhab" <<CONF
server {
    listen 127.0.0.1:$HTTP_PORT;
    server_name home.example.org;
    return 301 https://\$server_name:$HTTPS_PORT\$request_uri;
}
server {
    listen 127.0.0.1:$HTTPS_PORT ssl;
    server_name home.example.org;
    ssl_certificate $HUBGATE_ROOT/etc/ssl/certs/openhab.crt;
    ssl_certificate_key $HUBGATE_ROOT/etc/ssl/certs/openhab.key;
    location / {
        $1
        proxy_pass http://127.0.0.1:$HUB_PORT/;
        proxy_set_header Host \$http_host;
        proxy_set_header X-Real-IP \$remote_addr;
        proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto \$scheme;
        auth_basic "Username and Password Required";
        auth_basic_user_file $HUBGATE_ROOT/etc/nginx/.htpasswd;
    }
}
CONF
}

# The add-on as openHABian's unattended installation calls it.
add_on() {
    setsid --wait env --unset=TERM "$ADD_ON" "$@" <&- 3>&- 4>&-
}

ask() {
    curl --silent --insecure --noproxy '*' --max-time 5 \
        --resolve "home.example.org:$HTTPS_PORT:127.0.0.1" --include \
        "https://home.example.org:$HTTPS_PORT/" "$@"
}

# `!` alone fails no test.
not() {
    ! "$@"
}

within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

answers() {
    local answer
    answer=$(ask --user "${1:-anna:secret-of-anna}") || return 1
    [[ $answer == *$'\r\n\r\nhub' ]]
}

nginx_answers() {
    within 5 answers && [[ $(ask) == *[Ss]erver:\ nginx* ]]
}

hubgate_answers() {
    within 5 answers "$@" && [[ $(ask) != *[Ss]erver:\ nginx* ]]
}

nothing_answers() {
    ! ask >/dev/null
}

is_off() {
    ! systemctl is-active --quiet "$1" && ! systemctl is-enabled --quiet "$1"
}

is_on() {
    systemctl is-active --quiet "$1" && systemctl is-enabled --quiet "$1"
}

nginx_is_back() {
    nginx_answers && is_on nginx.service && is_off hubgate.service &&
        [[ ! -e $HUBGATE_ROOT/var/lib/openhabian/hubgate/running ]] &&
        [[ $(nginx_folder) == "$NGINX_FOLDER" ]]
}

# As before the installation, in every respect.
rolled_back() {
    nginx_is_back &&
        [[ ! -e $HUBGATE_ROOT/etc/hubgate/proxy.yaml || $(cat "$HUBGATE_ROOT/etc/hubgate/proxy.yaml") == "# the package's own" ]] &&
        ! compgen -G "$HUBGATE_ROOT/etc/hubgate/proxy.yaml.*"
}

# Names, modes, owners and content of all that NGINX reads.
nginx_folder() {
    find "$HUBGATE_ROOT/etc/nginx" "$HUBGATE_ROOT/etc/ssl" -type f -printf '%p %m %u %g ' -exec sha256sum {} \;
}
