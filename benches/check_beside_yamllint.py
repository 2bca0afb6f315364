#!/usr/bin/env python3
"""CPU time of `incfg check` beside yamllint, on the same 1,000 bootprep files of 150 lines, in alternation.

usage: benches/check_beside_yamllint.py [ROUNDS]

Needs target/release/incfg, and yamllint from PyPI (pip install yamllint). Prints medians and their ratio; the target is
at most 1/50, and under a second of CPU for incfg.
"""
import pathlib, resource, statistics, subprocess, sys, tempfile

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
ROOT = pathlib.Path(__file__).resolve().parent.parent
INCFG = ROOT / "target/release/incfg"


def bootprep(number):
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


def cpu(*command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = subprocess.run(command, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if outcome.returncode not in (0, 1):
        sys.exit(f"{command[0]}: exit {outcome.returncode}: {outcome.stderr.decode()[:200]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


with tempfile.TemporaryDirectory() as directory:
    for number in range(1000):
        (pathlib.Path(directory) / f"bootprep-{number}.yaml").write_text(bootprep(number))
    own, other = [], []
    for _ in range(ROUNDS):
        own.append(cpu(INCFG, "check", directory))
        other.append(cpu(sys.executable, "-m", "yamllint", "-d", "relaxed", directory))
    ours, theirs = statistics.median(own), statistics.median(other)
    print(f"incfg check {ours:.2f} s, yamllint {theirs:.2f} s of CPU: 1/{theirs / ours:.0f}  (medians of {ROUNDS})")
