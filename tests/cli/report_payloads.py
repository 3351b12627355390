"""Report payloads for the tests of the renderers, fixed and drawn by Hypothesis."""

from attrs import evolve
from hypothesis import strategies as st

from linewise.output.report import (
    CalibrationReport,
    FileReport,
    Limits,
    ModelReport,
    Report,
    ReportedLine,
    Status,
)

LINE = ReportedLine(
    line=12,
    column=5,
    end_column=17,
    text="    return 1 + x",
    probability=0.41,
    flagged=True,
    rank=1,
    unit="f",
    fingerprint="0123456789abcdef0123456789abcdef",
    calibrated=True,
)
FILE = FileReport("src/a b.py", Status.OK, None, "utf-8", (LINE,), 30, {}, LINE)
REPORT = Report(
    version="1.2.3",
    root="/work",
    model=ModelReport("tiny", "0" * 64, "int8", "CPUExecutionProvider"),
    calibration=CalibrationReport(
        "platt", "line", 0.08, 1000, "shipped", "fitted on 1,000 lines, 8 % of them edited"
    ),
    threshold=0.3,
    files=(FILE,),
    elapsed=1.25,
)
# Everything but what no text on a line can hold.
texts = st.text(st.characters(exclude_characters="\r\n"), max_size=30)
paths = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=30)
lines = st.builds(
    lambda text, **rest: evolve(LINE, text=text, column=1, end_column=1 + len(text), **rest),
    text=texts,
    line=st.integers(1, 10_000),
    probability=st.floats(0, 1),
    flagged=st.booleans(),
    unit=texts,
    fingerprint=st.text("0123456789abcdef", min_size=32, max_size=32),
)
scored_files = st.builds(
    lambda path, lines: evolve(FILE, path=path, lines=tuple(lines), code_lines=len(lines)),
    path=paths,
    lines=st.lists(lines, max_size=5),
)
unscored_files = st.builds(
    FileReport,
    path=paths,
    status=st.sampled_from([Status.SKIPPED, Status.FAILED]),
    reason=st.text(max_size=30),
)
limits = st.builds(
    Limits,
    fail_above=st.none() | st.floats(0, 1),
    max_findings=st.none() | st.integers(0, 9),
)
reports = st.builds(
    lambda files, **rest: evolve(REPORT, files=tuple(files), **rest),
    st.lists(st.one_of(scored_files, unscored_files), max_size=4),
    changed_since=st.none() | st.text(max_size=9),
    limits=limits,
    failures=st.lists(st.text(max_size=20), max_size=2).map(tuple),
)
