#!/usr/bin/env python3
"""Prints how fast incfg is beside programs that everybody knows, on the same bytes, in alternation.

usage: benches/compare.py [--mib N] [--rounds N]

Needs target/release/incfg (cargo build --release), and rg, gzip, zstd on the PATH; rows whose program is missing are
left out and named. Logs are written by benches/write_log.rs into a directory of their own, which is removed. Every
figure is the median of the ratios of neighbouring runs: an absolute time on a shared machine says nothing.
"""
import argparse, os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCFG = str(ROOT / "target/release/incfg")
MIB = 1 << 20

# Texts that stand in the lines the generator means as facts.
NEEDLES = """\
All logs will be stored in
[ACTIVITY:
[IUF SESSION:
] BEG
] END
LOG FILE FOR
Creation of image
Creating CFS session
Created CFS session
CFS session:
    Container
Using bootprep file
Script content exited
Creating 4 images
Monitoring workflow
"""

# What an administrator writes in ten minutes: one regular expression over all lines.
SCRIPT = r"""
import collections, re, sys
line = re.compile(rb"Creation of image (?P<image>.+) (?:succeeded: ID (?P<id>\S+)|(?P<failed>failed))"
                  rb"|(?:Creating|Created) CFS session (?P<session>\S+) to configure image (?P<of>.+)"
                  rb"|Container (?P<container>\S+) +transitioned to (?P<state>\w+)"
                  rb"|Using bootprep file (?P<file>.+) for|\] (?P<what>BEG|END) (?P<step>.+)"
                  rb"|LOG FILE FOR (?P<log>\S+): (?P<where>\S+)")
seen = collections.Counter()
for number, text in enumerate(open(sys.argv[1], "rb"), 1):
    found = line.search(text)
    if found:
        seen[tuple(name for name, value in found.groupdict().items() if value)] += 1
print(seen)
"""


def run(command):
    """CPU seconds, wall seconds and peak KiB of a shell command; the figures of all it starts."""
    begun = time.perf_counter()
    child = subprocess.Popen(["sh", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"exit {child.returncode}: {command}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun, used.ru_maxrss


def ratio(rounds, ours, theirs, figure):
    return statistics.median(run(ours)[figure] / max(run(theirs)[figure], 1e-4) for _ in range(rounds))


def write_log(path, mib, facts, seed=1):
    with open(path, "wb") as out:
        subprocess.run(
            ["cargo", "bench", "-q", "--bench", "write_log", "--", str(int(mib * MIB)), str(facts), "200", str(seed)],
            cwd=ROOT, stdout=out, check=True,
        )


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--mib", type=int, default=1024, help="size of the large log")
    options.add_argument("--rounds", type=int, default=7)
    options = options.parse_args()
    if not os.path.exists(INCFG):
        sys.exit("target/release/incfg is missing: cargo build --release --locked")
    missing = [tool for tool in ("rg", "gzip", "zstd") if not shutil.which(tool)]
    directory = pathlib.Path(tempfile.mkdtemp(prefix="incfg-compare-"))
    try:
        table(directory, options.mib, options.rounds, missing)
    finally:
        shutil.rmtree(directory)
    if missing:
        print(f"\nleft out, for these are not on the PATH: {', '.join(missing)}")


def table(directory, mib, rounds, missing):
    large, quarter, none, dense, small = (directory / name for name in ("large", "quarter", "none", "dense", "small"))
    needles = directory / "needles"
    needles.write_text(NEEDLES)
    script = directory / "script.py"
    script.write_text(SCRIPT)
    write_log(large, mib, 1000)
    write_log(quarter, mib / 4, 1000)
    write_log(none, mib / 4, 0)
    write_log(dense, mib / 4, 10_000)
    write_log(small, 0.1, 1000)
    rg = f"rg -n -F -f {needles} {large}"
    rows = []

    def row(what, target, value, form="{:.2f}"):
        print(f"| {what} | {target} | {form.format(value)} |", flush=True)
        rows.append(value)

    print("| | target | measured |\n|---|---|---|", flush=True)
    if "rg" not in missing:
        row("`analyze -j1`, CPU, against `rg -n -F -f needles`", "<= 1.25", ratio(rounds, f"{INCFG} analyze -j1 {large}", rg, 0))
        row("`analyze -j2`, wall, against the same", "<= 0.70", ratio(rounds, f"{INCFG} analyze -j2 {large}", rg, 1))
        row("a 100 kB log, wall, against the same rg", "<= 1.0",
            ratio(rounds * 8, f"{INCFG} analyze -j1 {small}", f"rg -n -F -f {needles} {small}", 1))
    peaks = [run(f"{INCFG} analyze -j2 {log}")[2] / 1024 for log in (quarter, large)]
    row(f"peak memory at {mib} MiB, MiB", "<= 16", peaks[1], "{:.1f}")
    row(f"growth of it from {mib // 4} MiB to {mib} MiB, MiB", "<= 2", peaks[1] - peaks[0], "{:.1f}")
    for tool, ending, pack, target in (("gzip", "gz", "gzip -1 -k", "<= 0.35"), ("zstd", "zst", "zstd -q -1 -k", "<= 0.8")):
        if tool in missing or "rg" in missing:
            continue
        subprocess.run(f"{pack} {quarter}", shell=True, check=True)
        row(f"`.{ending}`, CPU, against `{tool} -dc` into rg", target,
            ratio(rounds, f"{INCFG} analyze -j1 {quarter}.{ending}", f"{tool} -dc {quarter}.{ending} | rg -n -F -f {needles}", 0))
    row("the whole job, CPU, against a Python script with one regular expression", "<= 0.05",
        ratio(max(rounds // 3, 1), f"{INCFG} analyze -j1 {quarter}", f"{sys.executable} {script} {quarter}", 0), "{:.3f}")
    row(f"CPU for each byte, {mib} MiB against {mib // 4} MiB", "<= 1.2",
        ratio(rounds, f"{INCFG} analyze -j1 {large}", f"{INCFG} analyze -j1 {quarter}", 0) / 4)
    row("CPU, 1 % of lines with facts against none", "<= 1.3",
        ratio(rounds, f"{INCFG} analyze -j1 {dense}", f"{INCFG} analyze -j1 {none}", 0))


if __name__ == "__main__":
    main()
