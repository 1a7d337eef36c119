#!/usr/bin/env python3
"""Writes chromium.json: ceremonies of passkeys in Chromium with its virtual authenticators.

usage: tests/data/passkey/chromium.py

The browser gets hubgate's options as JSON, and its answers are stored as `toJSON()` returns them.
The page of https://home.example.org is served by the DevTools protocol; nothing leaves the machine.
"""

import base64
import json
import os
import subprocess
import tempfile
from pathlib import Path

ORIGIN = "https://home.example.org"
AUTHENTICATORS = {
    "platform": {"transport": "internal"},
    "synchronized": {
        "transport": "internal",
        "defaultBackupEligibility": True,
        "defaultBackupState": True,
    },
    "security key": {"transport": "usb"},
}
CREATE = """(async () => {
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(%s);
    return (await navigator.credentials.create({publicKey: options})).toJSON();
})()"""
GET = """(async () => {
    const options = PublicKeyCredential.parseRequestOptionsFromJSON(%s);
    return (await navigator.credentials.get({publicKey: options})).toJSON();
})()"""


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Chromium:
    """A browser at the end of a pipe (--remote-debugging-pipe)."""

    def __init__(self, profile):
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()

        def pipes():
            for descriptor, number in ((os.dup(commands), 3), (os.dup(answers), 4)):
                os.dup2(descriptor, number)

        self.process = subprocess.Popen(
            [
                "chromium",
                "--headless=new",
                "--no-sandbox",
                "--remote-debugging-pipe",
                f"--user-data-dir={profile}",
                "about:blank",
            ],
            preexec_fn=pipes,
            pass_fds=(3, 4, commands, answers),
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self.buffer = b""
        self.number = 0
        self.events = []
        target = self.call("Target.createTarget", {"url": "about:blank"}, None)["targetId"]
        attach = {"targetId": target, "flatten": True}
        self.session = self.call("Target.attachToTarget", attach, None)["sessionId"]

    def call(self, method, parameters=None, session="own"):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        number = self.number
        while True:
            answer = self.next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            if answer.get("method") == "Fetch.requestPaused":
                self.fulfil(answer["params"]["requestId"])

    def next(self):
        while b"\0" not in self.buffer:
            part = os.read(self.answers, 65536)
            if not part:
                raise RuntimeError("Chromium has ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def fulfil(self, request):
        self.number += 1
        page = base64.b64encode(b"<!doctype html><title>home</title>").decode()
        parameters = {
            "requestId": request,
            "responseCode": 200,
            "responseHeaders": [{"name": "Content-Type", "value": "text/html"}],
            "body": page,
        }
        message = {"id": self.number, "method": "Fetch.fulfillRequest", "params": parameters}
        message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")

    def open(self):
        self.call("Page.enable")
        self.call("Fetch.enable")
        self.call("WebAuthn.enable")
        self.call("Page.navigate", {"url": f"{ORIGIN}/"})
        while self.run("document.title") != "home":
            pass

    def run(self, expression):
        parameters = {
            "expression": expression,
            "awaitPromise": True,
            "returnByValue": True,
            "userGesture": True,
        }
        result = self.call("Runtime.evaluate", parameters)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"]["description"])
        return result["result"].get("value")

    def authenticator(self, options):
        options = {
            "protocol": "ctap2",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            **options,
        }
        added = self.call("WebAuthn.addVirtualAuthenticator", {"options": options})
        return {"authenticatorId": added["authenticatorId"]}


def creation_options(challenge, user):
    algorithms = [{"type": "public-key", "alg": number} for number in (-8, -7, -257)]
    return {
        "rp": {"id": "home.example.org", "name": "home.example.org"},
        "user": {"id": base64url(user), "name": "Anna", "displayName": "Anna"},
        "challenge": base64url(challenge),
        "pubKeyCredParams": algorithms,
        "timeout": 300000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
        "extensions": {"credProps": True},
    }


def request_options(challenge):
    return {
        "challenge": base64url(challenge),
        "timeout": 300000,
        "rpId": "home.example.org",
        "allowCredentials": [],
        "userVerification": "required",
    }


def passkey(browser, name, options):
    authenticator = browser.authenticator(options)
    user = os.urandom(32)
    create = creation_options(os.urandom(32), user)
    registration = browser.run(CREATE % json.dumps(create))
    get = [request_options(os.urandom(32)) for _ in range(2)]
    logins = [browser.run(GET % json.dumps(each)) for each in get]
    browser.call("WebAuthn.setUserVerified", {**authenticator, "isUserVerified": False})
    for ceremony, each in ((CREATE, create), (GET, get[0])):
        try:
            browser.run(ceremony % json.dumps(each))
        except RuntimeError as refused:
            assert "NotAllowedError" in str(refused), refused
        else:
            raise AssertionError("a user who is not verified passes")
    browser.call("WebAuthn.removeVirtualAuthenticator", authenticator)
    return {
        "name": name,
        "user": base64url(user),
        "creation_options": create,
        "registration": registration,
        "request_options": get,
        "assertions": logins,
    }


def main():
    with tempfile.TemporaryDirectory() as profile:
        browser = Chromium(profile)
        try:
            browser.open()
            vectors = [passkey(browser, *each) for each in AUTHENTICATORS.items()]
        finally:
            browser.process.kill()
            browser.process.wait()
    file = Path(__file__).with_name("chromium.json")
    lines = ",\n".join(json.dumps(vector) for vector in vectors)
    file.write_text(f"[\n{lines}\n]\n")
    print(f"{file}: {len(vectors)} passkeys")


main()
