"""Run wapiti and sqlmap against a throw-away app with planted holes, then against the service: the first must be found, the second must be clean."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import ROOT
from tests.server import Server, free_port, is_up, running_server, wait_until

WAPITI = ROOT / ".venv-scan" / "bin" / "wapiti"
MODULES = "xss,permanentxss,sql,timesql,exec,file,crlf,redirect,ssrf,ssti,xxe,log4shell,methods,htaccess,backup,csp,http_headers,cookieflags,csrf"
# What wapiti reports and why it is no hole here; everything else is.
EXCUSED = {
    "Secure Flag cookie": "the scan talks plain http on loopback; with KIM_TLS=1 the cookie is Secure (test_server.py)",
    "Cross Site Request Forgery": "the first step of a form stores nothing; the step that stores carries a token",
}
INJECTION = re.compile(r"is vulnerable|Parameter: .*\n\s+Type:")
PASSWORD = "ein-langes-passwort"
COOKIE = re.compile(r"kim=[^;]+")


def wapiti(
    url: str, folder: Path, modules: str, seconds: int, cookie: str = "", start: tuple[str, ...] = ()
) -> dict[str, int]:
    """Scan an address; return the kinds of holes that were found with how often."""
    report = folder / f"wapiti-{free_port()}.json"
    command = [
        str(WAPITI), "-u", url, "-m", modules, "-f", "json", "-o", str(report), "--scope", "folder", "--flush-session",
        "--no-bugreport", "--max-scan-time", str(seconds), "--max-attack-time", str(max(20, seconds // 6)), "-v", "0",
        "--store-session", str(folder), "--max-links-per-page", "30", "--max-files-per-dir", "12", "-d", "3",
        *(["-H", f"Cookie: {cookie}"] if cookie else []), *(word for path in start for word in ("-s", path)),
    ]  # fmt: skip
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not report.exists():
        raise SystemExit("wapiti made no report; run it by hand to see why: " + " ".join(command))
    found = json.loads(report.read_text("utf-8"))["vulnerabilities"]
    return {kind: len(places) for kind, places in found.items() if places}


def unexcused(found: dict[str, int], excused: set[str]) -> dict[str, int]:
    """Return the holes that nothing excuses, and print the excuses of the others."""
    for kind in found.keys() & excused:
        print(f"  {kind}: {EXCUSED[kind]}")
    return {kind: count for kind, count in found.items() if kind not in excused}


def sqlmap(url: str, folder: Path, data: str = "", cookie: str = "") -> bool:
    """Tell whether sqlmap finds an injection."""
    command = [
        "sqlmap", "-u", url, "--batch", "--level", "2", "--risk", "2", "--technique", "BEU", "--output-dir", str(folder),
        "--flush-session", "--disable-coloring", "--threads", "4", "--ignore-code", "*", "--skip-waf",
        *(["--data", data] if data else []), *(["--cookie", cookie] if cookie else []),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return bool(INJECTION.search(done.stdout))


def log_in(server: Server) -> str:
    """Make an account and return its session cookie."""
    import http.cookiejar
    import urllib.parse
    import urllib.request

    subprocess.run(
        [sys.executable, "-m", "kim", "users", "add", "scan", "--password-stdin"], cwd=ROOT, check=True, text=True,
        input=PASSWORD + "\n", env={"PATH": "/usr/bin:/bin", "KIM_DATA_DIR": str(server.data_dir)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with browser.open(server.url + "/eingang/anmelden/") as page:
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    assert token is not None
    data = urllib.parse.urlencode({"csrf_token": token[1], "name": "scan", "password": PASSWORD}).encode()
    browser.open(server.url + "/eingang/anmelden/", data).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def planted(folder: Path) -> None:
    """Make sure that the scanners find what was planted."""
    port = free_port()
    app = subprocess.Popen(
        [sys.executable, "-m", "tests.scan.vulnerable_app", str(port)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_until(lambda: is_up(url), 20, "the app with holes")
        found = wapiti(url, folder, "xss,sql", 90)
        missed = {"Reflected Cross Site Scripting", "SQL Injection"} - found.keys()
        if missed:
            raise SystemExit(f"wapiti did not find the planted {', '.join(missed)}; it found {found or 'nothing'}")
        if not sqlmap(f"{url}list?q=x", folder):
            raise SystemExit("sqlmap did not find the planted injection")
    finally:
        app.terminate()
        app.wait()
    print(f"planted holes found: {found}, and by sqlmap")


def ours(folder: Path) -> None:
    """Scan the forms as a visitor and the staff area as somebody who is logged in."""
    with running_server(folder / "var") as server:
        cookie = log_in(server)
        form = f"{server.url}/arbeitgeber/mitmachen/"
        found = {
            "forms": wapiti(form, folder, MODULES, 240),
            "search": wapiti(f"{server.url}/arbeitgeber/werkzeugkasten/auswahl/?want=job", folder, MODULES, 90),
        }
        found["staff"] = wapiti(f"{server.url}/eingang/?q=x&form=&state=new", folder, MODULES, 180, cookie)
        targets = [
            (form, "company=Beispiel&email=beispiel%40example.org&message=x", ""),
            (f"{server.url}/eingang/?q=x&state=new&since=2026-01-01", "", cookie),
            (f"{server.url}/eingang/person/?email=a%40example.org", "", cookie),
            (f"{server.url}/arbeitgeber/mitmachen/eingegangen/?nr=x", "", ""),
        ]
        injected = [url for url, data, with_cookie in targets if sqlmap(url, folder, data, with_cookie)]
        if "Traceback" in server.log():
            raise SystemExit("the scan made the server print a trace")
    excused = {"forms": set(EXCUSED), "search": {"Secure Flag cookie"}, "staff": {"Secure Flag cookie"}}
    holes = {place: left for place, kinds in found.items() if (left := unexcused(kinds, excused[place]))}
    if holes or injected:
        raise SystemExit(f"found: {holes} {injected}")
    print(f"nothing found in {', '.join(found)}; sqlmap found nothing at {len(targets)} addresses")


def main() -> None:
    """Prove the scanners, then scan."""
    if not WAPITI.exists() or shutil.which("sqlmap") is None:
        raise SystemExit("The scanners are missing: run make scan, which installs them.")
    with tempfile.TemporaryDirectory(prefix="kim-scan-") as name:
        planted(Path(name))
        ours(Path(name))


if __name__ == "__main__":
    main()
