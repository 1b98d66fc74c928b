"""Print a JUnit report's counts as one closing line; exit 1 if a test failed, was skipped, or if none ran."""

import sys
import xml.etree.ElementTree as ET


def main(path: str) -> int:
    """The exit code for the report at `path`."""
    cases = list(ET.parse(path).getroot().iter("testcase"))
    skipped = [case for case in cases if case.find("skipped") is not None]
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    for case in skipped:
        note = case.find("skipped")
        reason = note.get("message", "") if note is not None else ""
        print(f"skipped in CI, where nothing may be: {case.get('classname')}::{case.get('name')}: {reason}")
    print(f"{len(cases) - len(skipped) - len(failed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or skipped or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
