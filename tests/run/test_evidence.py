"""The folder of reports: one run at a time, each with folders of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ivrtest.run.evidence import LOCK, Evidence, InUseError, claimed, new_evidence, tidy

NOW = datetime(2026, 11, 22, 3, 6, 58, tzinfo=UTC)


def heard(evidence: Evidence) -> None:
    (evidence.recordings / "call.wav").write_bytes(b"sound")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_is_named_by_when_it_began(tmp_path: Path) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))
    evidence = new_evidence(tmp_path / "recordings", tmp_path / "pcap", elsewhere)
    assert evidence == Evidence(tmp_path / "recordings/20261122T030658Z", tmp_path / "pcap/20261122T030658Z")
    assert evidence.recordings.is_dir()


def test_runs_of_one_second_are_kept_apart_also_where_only_their_packets_meet(tmp_path: Path) -> None:
    first = new_evidence(tmp_path / "one", tmp_path / "pcap", NOW)
    second = new_evidence(tmp_path / "other", tmp_path / "pcap", NOW)
    assert (first.recordings.name, second.recordings.name, second.pcaps) == (
        "20261122T030658Z",
        "20261122T030658Z-2",
        tmp_path / "pcap/20261122T030658Z-2",
    )
    assert names(tmp_path / "other") == ["20261122T030658Z-2"]


def test_the_last_runs_stay_and_so_does_what_is_no_run(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    for minutes in range(4):
        evidence = new_evidence(folder, None, NOW + timedelta(minutes=minutes))
        heard(evidence)
    (folder / "old-call.wav").write_bytes(b"sound")
    (folder / "20250101T000000Z").symlink_to(tmp_path)
    (folder / ".gone-20240101T000000Z").mkdir()
    tidy(evidence, keep=2)
    assert names(folder) == ["20250101T000000Z", "20261122T030858Z", "20261122T030958Z", "old-call.wav"]


def test_a_clock_that_was_put_back_costs_no_run_its_recordings(tmp_path: Path) -> None:
    heard(new_evidence(tmp_path / "recordings", None, NOW))
    evidence = new_evidence(tmp_path / "recordings", None, NOW - timedelta(days=1))
    heard(evidence)
    tidy(evidence, keep=1)
    assert names(tmp_path / "recordings") == [evidence.recordings.name]


def test_a_run_without_recordings_takes_none_away(tmp_path: Path) -> None:
    heard(new_evidence(tmp_path / "recordings", None, NOW))
    tidy(new_evidence(tmp_path / "recordings", tmp_path / "pcap", NOW + timedelta(minutes=1)), keep=1)
    assert names(tmp_path / "recordings") == ["20261122T030658Z"]
    assert not (tmp_path / "pcap").exists()


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with claimed(tmp_path):
        with pytest.raises(InUseError), claimed(tmp_path):
            pass
        assert names(tmp_path) == [LOCK]
    assert names(tmp_path) == []
    with claimed(tmp_path):
        pass


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / LOCK).symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"), claimed(tmp_path / "reports"):
        pass
    assert names(tmp_path) == ["reports"]
