#!/usr/bin/env python3
"""Prints how fast incfg is beside programs that everybody knows, on the same bytes, in alternation.

usage: benches/compare.py [--mib N] [--rounds N]

Needs target/release/incfg (cargo build --release), and rg, gzip, zstd, yamllint on the PATH; rows whose program is missing are
left out and named. Logs are written by benches/write_log.rs into a directory of their own, which is removed. Every
figure is the median of the ratios of neighbouring runs: an absolute time on a shared machine says nothing.
"""
import argparse, os, pathlib, shlex, shutil, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCFG = str(ROOT / "target/release/incfg")
MIB = 1 << 20

# Texts that stand in the lines the generator means as facts. None is short or begins with a rare byte that is not rare in
# logs: with such needles rg takes up to six times as long, and the comparison would flatter.
NEEDLES = """\
All logs will be stored in 
[ACTIVITY: 
[IUF SESSION: 
 BEG 
 END 
LOG FILE FOR 
Creation of image 
Creating CFS session 
CFS session: 
Container 
Using bootprep file
return code 
Found IMS base
S3 Save path
transitioned to
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
    """CPU seconds and wall seconds of a shell command; the figures of all it starts."""
    begun = time.perf_counter()
    child = subprocess.Popen(["sh", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    # rg says 1 where it finds nothing, incfg says 3 where nothing in the logs matters.
    if child.returncode not in (0, 1, 3):
        sys.exit(f"exit {child.returncode}: {command}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun


# What a process starts counts from its own memory, so the one that starts and asks is as small as Python can be: 8 MiB.
PEAK = """\
import posix, sys
_, status, used = posix.wait4(posix.posix_spawnp(sys.argv[1], sys.argv[1:], posix.environ), 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(posix.waitstatus_to_exitcode(status))
"""


def peak(*command):
    """Peak KiB of a command."""
    asked = subprocess.run([sys.executable, "-I", "-S", "-c", PEAK, *map(str, command)],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(asked.stderr.split()[-1])


def ratio(rounds, ours, theirs, figure):
    return statistics.median(run(ours)[figure] / max(run(theirs)[figure], 1e-4) for _ in range(rounds))


def write_log(path, mib, facts, seed=1):
    with open(path, "wb") as out:
        subprocess.run(
            ["cargo", "bench", "-q", "--bench", "write_log", "--", str(int(mib * MIB)), str(facts), "200", str(seed)],
            cwd=ROOT, stdout=out, check=True,
        )


def write_pod_logs(directory, log, count):
    """Short logs as `argo_logs` has them: what iuf relayed, without the columns of iuf."""
    directory.mkdir()
    lines = (line for _ in iter(int, 1) for line in open(log, "rb") if len(line) > 99)
    for number in range(count):
        name = f"autumn-24-11-r7k2p-prepare-images-x9f4d-step-{number}-main.txt"
        with open(directory / name, "wb") as out:
            for at in range(60):
                out.write(b"2024-11-05T08:20:04.%09dZ %s" % (at, next(lines)[99:]))


def write_bootprep(path, images):
    with open(path, "w") as out:
        out.write("schema_version: 1.0.2\nconfigurations:\n- name: c\n  layers:\n  - name: l\n    playbook: p.yml\n"
                  "    git: {url: 'https://git.example/c.git', branch: b}\nimages:\n")
        for number in range(images):
            base = f"image_ref: ref-{number - 1}" if number % 2 else "product: {name: cos, type: recipe, version: '2.1'}"
            out.write(f"# image {number}\n- name: compute-{number:05}-{{{{default.suffix}}}}\n  ref_name: ref-{number}\n"
                      f"  base:\n    {base}\n  configuration: c\n  configuration_group_names:\n  - Compute\n")


def checked(number):
    """A file of 150 lines: as many configurations as fit, and images and session templates that use them."""
    lines = ["---", "schema_version: 1.0.6", "configurations:"]
    for at in range(4):
        lines += [f"- name: configuration-{number}-{at}", "  layers:"]
        for layer in range(4):
            lines += [
                f"  - name: layer-{layer}-of-{at}",
                f"    playbook: play-{layer}.yml",
                f"    product: {{name: product-{layer}, version: 1.{layer}.0, branch: integration-1.{layer}.0}}",
            ]
    lines.append("images:")
    for at in range(4):
        lines += [
            f"- name: base-{number}-{at}",
            f"  ref_name: base.{at}",
            f"  base: {{product: {{name: uss, type: recipe, version: 1.{at}.0, filter: {{arch: x86_64}}}}}}",
            f"- name: image-{number}-{at}",
            f"  ref_name: image.{at}",
            f"  base: {{image_ref: base.{at}}}",
            f"  configuration: configuration-{number}-{at}",
            "  configuration_group_names: [Compute]",
        ]
    lines.append("session_templates:")
    for at in range(4):
        lines += [
            f"- name: template-{number}-{at}",
            f"  image: {{image_ref: image.{at}}}",
            f"  configuration: configuration-{number}-{at}",
            "  bos_parameters:",
            "    boot_sets:",
            f"      set-{at}: {{arch: X86, node_groups: [group-{at}], rootfs_provider: sbps}}",
        ]
    lines += [f"# line {at}" for at in range(150 - len(lines))]
    return "\n".join(lines) + "\n"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--mib", type=int, default=1024, help="size of the large log")
    options.add_argument("--rounds", type=int, default=7)
    options = options.parse_args()
    if not os.path.exists(INCFG):
        sys.exit("target/release/incfg is missing: cargo build --release --locked")
    missing = [tool for tool in ("rg", "gzip", "zstd", "yamllint") if not shutil.which(tool)]
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
    pods = directory / "argo_logs"
    write_pod_logs(pods, quarter, 4000)
    bootprep = directory / "bootprep.yaml"
    write_bootprep(bootprep, 27_325)
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
    peaks = [peak(INCFG, "analyze", "-j2", log) / 1024 for log in (quarter, large)]
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
    if "rg" not in missing:
        row("4,000 short logs in a directory, CPU, against `rg -j1` over them", "-",
            ratio(rounds, f"{INCFG} analyze -j1 {pods}", f"rg -j1 -n -F -f {needles} {pods}", 0))
        row("the same, against `cat` of them", "open and read", ratio(rounds, f"{INCFG} analyze -j1 {pods}", f"cat {pods}/*", 0))
    if "yamllint" not in missing:
        files = directory / "files"
        files.mkdir()
        for number in range(1000):
            (files / f"bootprep-{number}.yaml").write_text(checked(number))
        row("`check` of 1,000 files of 150 lines, CPU, against yamllint", "<= 0.02",
            ratio(max(rounds // 3, 1), f"{INCFG} check {files}", f"yamllint -d relaxed {files}", 0), "{:.3f}")
    pin = ["--vars", "default.suffix=x", "--pin", "ref-0=c5e01698-9dea-448f-80aa-21dba7c0cbb6"]
    rewrite = [INCFG, "rewrite-bootprep", bootprep, *pin, "-o", directory / "out.yaml"]
    size = bootprep.stat().st_size
    row(f"`rewrite-bootprep` of {size / 1e6:.1f} MB, CPU seconds", "<= 1",
        statistics.median(run(shlex.join(map(str, rewrite)))[0] for _ in range(rounds)))
    row("its peak memory, as a multiple of the file", "<= 20", peak(*rewrite) * 1024 / size, "{:.0f}")


if __name__ == "__main__":
    main()
