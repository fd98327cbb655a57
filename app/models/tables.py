"""Reports about models as people read them on the command line."""

from __future__ import annotations

from app.models.check import Report
from app.models.findings import Finding, size

MARKS = {"refuse": "✗", "warn": "!", "note": "·"}
VERDICTS = {
    "refused": "It must not be served.",
    "attention": "It may be served; somebody should look at what is marked !.",
    "fit": "It may be served.",
}


def in_words(report: Report) -> str:
    """The report of `premise models check`."""
    lines = [f"{report.directory}: {report.kind.value}. {VERDICTS[report.verdict]}", ""]
    lines += [_finding(finding) for finding in report.findings]
    made = report.architecture
    if made is not None and made.layers:
        context = f"context {made.context:,} tokens" if made.context else "context not said"
        about = f"{made.parameters / 1e9:.2f} G parameters, {context}, {made.dtype}"
        if made.quantisation is not None:
            about += f", {made.quantisation.method} {made.quantisation.bits} bits"
        lines += ["", f"architecture  {made.name}: {about}; {size(report.weight_bytes)} of weights"]
    lines += _memory(report)
    lines += ["", f"licence       {report.licensing.name}"]
    lines += [f"  {step.question} {step.answer}" for step in report.licensing.steps]
    lines += [f"openness      {report.openness.level.value}: {' '.join(report.openness.evidence)}"]
    if report.revision:
        lines.append(f"revision      {report.revision}")
    if report.command is not None and not report.refused:
        lines += ["", "serve it with", f"  {report.command.shell}"]
    return "\n".join(lines)


def _finding(finding: Finding) -> str:
    return f"{MARKS[finding.severity.value]} {finding.says}" + (f"\n    {finding.do}" if finding.do else "")


def _memory(report: Report) -> list[str]:
    lines = []
    for row in report.memory:
        parts = []
        for entry in row["contexts"]:
            people = f", {entry['people_at_once']:,} people" if "people_at_once" in entry else ""
            parts.append(f"{entry['context'] // 1024}k: {size(entry['kv_bytes'])}{people}")
        stored = " (as stored)" if row["as_stored"] else ""
        lines.append(
            f"  {row['storage']:<6} weights {size(row['weights_bytes'])}{stored}"
            + (f"; KV cache a person at {'; '.join(parts)}" if parts else "")
        )
    return ["", "memory needed", *lines] if lines else []
