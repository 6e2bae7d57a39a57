"""How many pages a second the delivered nginx configuration sends, beside a bare nginx and the same file, in one run.

``kim bench nginx`` runs it (wrk from Debian's package). Rounds alternate, so that other work on this machine meets all of them;
what counts is the median of the ratios. Both servers use TLS and send the same bytes, without compression.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench.needs import built_site
from bench.report import Bar, write_part
from tests.conftest import ROOT
from tests.form_handler.nginx import HOST, running_nginx
from tests.form_handler.stub_server import stub_site_server
from tests.server import free_port

PAGE = "/ankommen/notfall/"
BARE = """
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/fullchain.pem;
        ssl_certificate_key {folder}/privkey.pem;
        root {site};
    }}
"""


def main(arguments: list[str]) -> int:
    """Measure and write it into bench/results.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement")
    options = parser.parse_args(arguments)
    if shutil.which("wrk") is None:
        raise SystemExit("There is no wrk. Install it with: apt-get install wrk")
    site, bare = built_site(ROOT / "site"), free_port()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        extra = BARE.format(port=bare, folder=folder, site=site)
        hosts = {"KIM_HOSTS": f"{HOST},127.0.0.1"}
        with (
            stub_site_server(folder / "var", **hosts) as service,
            running_nginx(folder, site, service.port, extra) as nginx,
        ):
            python = f"http://127.0.0.1:{service.port}/"
            rows = []
            for number in range(options.rounds):
                ours, our_cpu = rate(f"https://127.0.0.1:{nginx.tls}{PAGE}", options.seconds, folder)
                theirs, their_cpu = rate(f"https://127.0.0.1:{bare}{PAGE}", options.seconds, folder)
                rows.append((ours, theirs, our_cpu, their_cpu))
                print(
                    f"round {number + 1}: {ours:.0f}/s and {our_cpu:.2f} ms, bare {theirs:.0f}/s and {their_cpu:.2f} ms",
                    flush=True,
                )
            compressed, _ = rate(f"https://127.0.0.1:{nginx.tls}{PAGE}", options.seconds, folder, "Accept-Encoding: br")
            direct, _ = rate(python, options.seconds, folder)
    bars = [
        Bar("requests a second, delivered configuration", statistics.median(row[0] for row in rows)),
        Bar("requests a second, bare nginx and the same file", statistics.median(row[1] for row in rows)),
        Bar(
            "requests a second, delivered beside bare, median of the rounds",
            statistics.median(row[0] / row[1] for row in rows),
            0.9,
        ),
        Bar(
            "processor time of a request, bare beside delivered",
            sum(row[3] for row in rows) / sum(row[2] for row in rows),
        ),
        Bar("requests a second with brotli copies", compressed),
        Bar("requests a second of a small page through Python, for comparison", direct),
    ]
    write_part("nginx", "nginx", f"{options.rounds} rounds of {options.seconds} s, TLS, 16 connections.", bars)
    return 0 if all(bar.holds for bar in bars) else 1


def rate(url: str, seconds: int, folder: Path, header: str = "Accept-Encoding: identity") -> tuple[float, float]:
    """Return the requests a second that were answered with 200, and nginx's processor time for one in milliseconds."""
    before = processor_seconds(folder)
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", f"Host: {HOST}", "-H", header, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None or "Non-2xx" in said:
        raise SystemExit(f"{url}: wrk got no pages:\n{said}")
    number = re.search(r"(\d+) requests in", said)
    assert number is not None
    return float(found[1]), 1000 * (processor_seconds(folder) - before) / max(int(number[1]), 1)


def processor_seconds(folder: Path) -> float:
    """Return the processor time of nginx's one worker; other work on this machine does not count in it."""
    master = (folder / "nginx.pid").read_text().strip()
    worker = Path(f"/proc/{master}/task/{master}/children").read_text().split()[0]
    fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
