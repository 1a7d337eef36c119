"""testssl.sh and sslyze look at the TLS port; what they find is told unless it is known here."""

import json
import re
import subprocess
import sys
import pathlib

from gate import Gate
from program import hub
from row import Row

DEADLINE = 400
# What testssl.sh finds and is meant, each with its reason.
MEANT = {
    "cert_chain_of_trust": "the suite's own CA",
    "cipher_order": "the client chooses among equally good ones, as Mozilla advises",
}
# Not about the server.
OURSELVES = {"engine_problem"}
TESTSSL = ["testssl", "--ip", "127.0.0.1", "--nodns", "none", "--warnings", "batch", "--quiet",
           "--color", "0"]
SSLYZE = [pathlib.Path(sys.executable).with_name("sslyze"), "--mozilla_config=intermediate"]


def run(folder):
    with hub(folder, "hub.py") as behind, Gate(folder, behind.port) as gate:
        yield testssl(folder, gate)
        yield sslyze(folder, gate)


def testssl(folder, gate):
    report = folder / "testssl.json"
    quietly([*TESTSSL, "--jsonfile", report, f"https://localhost:{gate.port}"])
    findings = [one for one in json.loads(report.read_text()) if one["id"] not in OURSELVES]
    good = sum(one["severity"] == "OK" for one in findings)
    bad = [one for one in findings if one["severity"] not in ("OK", "INFO")]
    meant = [f"{one['id']} ({MEANT[one['id']]})" for one in bad if one["id"] in MEANT]
    wrong = [f"{one['severity']} {one['id']}: {one['finding']}" for one in bad
             if one["id"] not in MEANT]
    # A scan that broke off finds nothing.
    if len(findings) < 100:
        wrong.append(f"only {len(findings)} things were looked at")
    result = f"{good} good; {len(wrong)} findings but {', '.join(meant)}"
    return Row(f"testssl.sh {testssl_version()}", "the TLS port", result, wrong + gate.panics())


def testssl_version():
    done = subprocess.run(["testssl", "--version"], capture_output=True, text=True, check=False)
    return re.search(r"testssl\.?s?h?\s+(\d[\w.]*)", done.stdout)[1]


def sslyze(folder, gate):
    report = folder / "sslyze.json"
    printed = quietly([*SSLYZE, f"--json_out={report}", f"--certinfo_ca_file={folder}/ca.pem",
                       f"localhost:{gate.port}"])
    told = json.loads(report.read_text())
    scans = told["server_scan_results"][0]["scan_result"]
    unfinished = [f"{name} did not end" for name, scan in scans.items() if scan["error_reason"]]
    compliant = re.search(r"localhost:\d+: (.*)", printed)
    verdict = compliant[1] if compliant else "no verdict"
    wrong = [] if verdict.startswith("OK") else [verdict]
    result = f"against Mozilla's intermediate: {verdict}"
    return Row(f"sslyze {told['sslyze_version']}", "the TLS port", result,
               wrong + unfinished + gate.panics())


def quietly(command):
    """Runs a scanner, which exits with what it found, and returns what it printed."""
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE, check=False)
    return done.stdout
