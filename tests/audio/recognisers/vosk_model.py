"""A model folder for Vosk, written by hand: it knows a low tone and a high one. All of Vosk runs with it, but for what speech is like."""

from __future__ import annotations

from math import log
from pathlib import Path
from struct import pack

CEPSTRA = 13
MFCC = f"""--sample-frequency=%d
--use-energy=false
--num-mel-bins=23
--num-ceps={CEPSTRA}
--low-freq=20
--high-freq=3800
--dither=0
"""
MODEL = """--min-active=2
--max-active=100
--beam=100
--lattice-beam=5
--acoustic-scale=1.0
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
"""
ACOUSTICS = f"""<TransitionModel> <Topology> <TopologyEntry> <ForPhones> 1 2 3 </ForPhones>
<State> 0 <PdfClass> 0 <Transition> 0 0.5 <Transition> 1 0.5 </State> <State> 1 </State> </TopologyEntry> </Topology>
<Triples> 3
1 0 0
2 0 1
3 0 2
</Triples>
<LogProbs>
 [ 0{f" {log(0.5)}" * 6} ]
</LogProbs>
</TransitionModel>
<Nnet3>\x20
input-node name=input dim={CEPSTRA}
component-node name=likely component=likely input=input
output-node name=output input=likely objective=linear

<NumComponents> 1
<ComponentName> likely <FixedAffineComponent> <LinearParams> [
%s ]
<BiasParams> [ 0 0 0 ]
</FixedAffineComponent>
</Nnet3>
<LeftContext> 0 <RightContext> 0 <Priors> [ ]
"""
SILENCE, LOW, HIGH = 1, 2, 3
"""Phones. Each is a state of the graph, too, left for state 0 when it is over."""


def write_vosk_model(folder: Path, rate: int = 16_000) -> Path:
    """Write a model that was "trained" at `rate`."""
    for name in ("am", "conf", "graph/phones"):
        (folder / name).mkdir(parents=True)
    (folder / "conf/mfcc.conf").write_text(MFCC % rate, encoding="ascii")
    (folder / "conf/model.conf").write_text(MODEL, encoding="ascii")
    (folder / "graph/words.txt").write_text("<eps> 0\nlow 1\nhigh 2\n", encoding="ascii")
    (folder / "graph/phones/word_boundary.int").write_text(f"{SILENCE} nonword\n{LOW} singleton\n{HIGH} singleton\n", encoding="ascii")
    (folder / "graph/HCLG.fst").write_bytes(_graph())
    # The first coefficient is loudness, the second is how much the low outweighs the high.
    rows = ((-1.0, 0.0), (0.0, 0.3), (0.0, -0.3))
    likely = "\n".join(" ".join(map(str, (*row, *[0.0] * (CEPSTRA - 2)))) for row in rows)
    (folder / "am/final.mdl").write_text(ACOUSTICS % likely, encoding="ascii")
    return folder


def _graph() -> bytes:
    """Return the graph as OpenFst writes one: arcs are a transition of a phone (in: 2 p, once more: 2 p - 1), a word, a cost, a state."""
    arcs = [[(2 * SILENCE, 0, 1.0, SILENCE), (2 * LOW, 1, 4.0, LOW), (2 * HIGH, 2, 4.0, HIGH)]]
    arcs += [[(2 * phone - 1, 0, 0.1, phone), (0, 0, 0.1, 0)] for phone in (SILENCE, LOW, HIGH)]
    kind, arc = b"vector", b"standard"
    head = pack("<ii6si8s", 2_125_659_606, len(kind), kind, len(arc), arc)
    counts = pack("<iiQqqq", 2, 0, 3, 0, len(arcs), sum(map(len, arcs)))
    states = (pack("<fq", 0.0, len(leaving)) + b"".join(pack("<iifi", *each) for each in leaving) for leaving in arcs)
    return head + counts + b"".join(states)
