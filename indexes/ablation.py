"""What each channel contributes: recall over the golden queries with channels left out. `python -m indexes.ablation` prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexes.golden import Golden, recall_by_language
from indexes.query import Channel
from indexes.retriever import Retriever

CUTS = (1, 5, 10)


@dataclass(frozen=True)
class AblationRow:
    """Recall of the channels left in, by language and then by how many answers are looked at."""

    channels: tuple[Channel, ...]
    recall: Mapping[str, Mapping[int, float]]


def ablation(retriever: Retriever, golden: Golden, subsets: Sequence[tuple[Channel, ...]]) -> list[AblationRow]:
    """One row per subset of channels, each with the weight it has in the retriever."""
    return [AblationRow(subset, _recall(retriever, golden, subset)) for subset in subsets]


def _recall(retriever: Retriever, golden: Golden, subset: tuple[Channel, ...]) -> dict[str, dict[int, float]]:
    alone = retriever.with_weights({channel: retriever.weights[channel] for channel in subset})
    cuts = {k: recall_by_language(alone, golden, k) for k in CUTS}
    return {language: {k: found[language] for k, found in cuts.items()} for language in cuts[CUTS[0]]}


def main() -> None:
    """Print the table of the index that comes with the package."""
    from indexes.golden import packaged
    from indexes.home import open_index

    golden = packaged()
    print(f"{len(golden.queries)} golden queries; recall@{', @'.join(map(str, CUTS))}")
    for row in ablation(open_index(), golden, [("meaning", "words"), ("meaning",), ("words",)]):
        cells = [f"{language} " + " ".join(f"{value:.3f}" for value in by_cut.values()) for language, by_cut in row.recall.items()]
        print(f"{' + '.join(row.channels):18}", "   ".join(cells))


if __name__ == "__main__":
    main()
