"""Public datasets that `llasa fetch` knows: where they are, what they hold, and under which terms.

Addresses, sizes and sha256 are as public programs that download the same files have them: nothing was downloaded to
write this list, and a size or sha256 that was not found is None. Found in one such program only: the sha256 of MHEALTH
and Shoaib. Not found in any: LIMU-BERT's files, whose addresses follow from their repository.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

UCI = "https://archive.ics.uci.edu"
LIMU_BERT = "https://raw.githubusercontent.com/dapowan/LIMU-BERT-Public/HEAD"
CC_BY = "CC BY 4.0"
SIX = "walking, climbing stairs, descending stairs, sitting, standing, lying"


@dataclass(frozen=True)
class RemoteFile:
    """One file of a dataset."""

    name: str
    """What it is called here, below the folder that everything is fetched to."""
    address: str
    sha256: str | None = None
    """Known from elsewhere; None: recorded when the file is first fetched."""


@dataclass(frozen=True)
class KnownDataset:
    """A public dataset."""

    name: str
    """As the reader is called."""
    title: str
    page: str
    """Where people read about it, and where the terms are."""
    licence: str
    rate: str
    """As recorded."""
    labels: str
    citation: str
    files: tuple[RemoteFile, ...] = ()
    """Empty where it is given out by hand."""
    megabytes: int | None = None
    """To download, about."""
    how_to_get: str | None = None
    """Where it is given out by hand: what to do."""
    remark: str | None = None
    """What a person should know before downloading it."""

    @property
    def is_by_hand(self) -> bool:
        """Whether a form has to be filled in first."""
        return not self.files

    def as_dict(self) -> dict[str, Any]:
        """Return everything, as `llasa fetch --list --json` shows it."""
        return {**asdict(self), "by_hand": self.is_by_hand}


def _uci(number: int, slug: str) -> str:
    return f"{UCI}/static/public/{number}/{slug}.zip"


def _uci_page(number: int) -> str:
    return f"{UCI}/dataset/{number}"


NO_COMMERCE = "CC BY 4.0 says UCI, no commercial use says the README inside"

KNOWN_DATASETS = (
    KnownDataset(
        name="hapt",
        title="UCI HAPT: Smartphone-Based Recognition of Human Activities and Postural Transitions",
        page=_uci_page(341),
        licence=NO_COMMERCE,
        rate="50 Hz",
        labels=SIX,
        citation="Reyes-Ortiz et al., Neurocomputing 171 (2016), doi:10.24432/C54G7M",
        files=(
            RemoteFile(
                "hapt.zip",
                _uci(341, "smartphone+based+recognition+of+human+activities+and+postural+transitions"),
                "4ac4ae064227c07045a99551876b54d204837e995e298b6488559e209b3deb09",
            ),
        ),
        megabytes=80,
    ),
    KnownDataset(
        name="har",
        title="UCI HAR: Human Activity Recognition Using Smartphones",
        page=_uci_page(240),
        licence=NO_COMMERCE,
        rate="50 Hz",
        labels=SIX,
        citation="Anguita et al., ESANN 2013, doi:10.24432/C54S4K",
        files=(
            RemoteFile(
                "har.zip",
                _uci(240, "human+activity+recognition+using+smartphones"),
                "c00b803081a5c797cd5e4b83700a9810b38d53d9d84e01917e090e1fdbc81031",
            ),
        ),
        megabytes=61,
        remark="windows of 2.56 s, filtered; hapt has the same people as whole recordings",
    ),
    KnownDataset(
        name="hhar",
        title="HHAR: Heterogeneity Activity Recognition",
        page=_uci_page(344),
        licence=CC_BY,
        rate="50-200 Hz, by device",
        labels="walking, climbing stairs, descending stairs, sitting, standing, biking",
        citation="Stisen et al., SenSys 2015, doi:10.24432/C5689X",
        files=(RemoteFile("hhar.zip", _uci(344, "heterogeneity+activity+recognition")),),
    ),
    KnownDataset(
        name="motionsense",
        title="MotionSense, device motion",
        page="https://github.com/mmalekzadeh/motion-sense",
        licence="MIT (repository), ODbL (its copy on Kaggle)",
        rate="50 Hz",
        labels="walking, climbing stairs, descending stairs, sitting, standing, jogging",
        citation="Malekzadeh et al., IoTDI 2019, doi:10.1145/3302505.3310068",
        files=(
            RemoteFile(
                "motionsense.zip",
                "https://github.com/mmalekzadeh/motion-sense/raw/master/data/A_DeviceMotion_data.zip",
            ),
        ),
        megabytes=72,
    ),
    KnownDataset(
        name="shoaib",
        title="Shoaib 2014: Sensors Activity Recognition",
        page="https://www.utwente.nl/en/eemcs/ps/research/dataset/",
        licence="for research; see its page",
        rate="50 Hz",
        labels="walking, climbing stairs, descending stairs, sitting, standing, jogging, biking",
        citation="Shoaib et al., Sensors 14 (2014), doi:10.3390/s140610146",
        files=(
            RemoteFile(
                "shoaib.rar",
                "https://www.utwente.nl/en/eemcs/ps/dataset-folder/sensors-activity-recognition-dataset-shoaib.rar",
                "61d5dcc5ed9c78321a983667c608e4fcf594d3edab7d1cfc7fffae66218e05c2",
            ),
        ),
    ),
    KnownDataset(
        name="pamap2",
        title="PAMAP2: Physical Activity Monitoring",
        page=_uci_page(231),
        licence=CC_BY,
        rate="100 Hz",
        labels="walking, climbing stairs, descending stairs, sitting, standing, lying, jogging, biking",
        citation="Reiss and Stricker, ISWC 2012, doi:10.24432/C5NW2H",
        files=(
            RemoteFile(
                "pamap2.zip",
                _uci(231, "pamap2+physical+activity+monitoring"),
                "76b3580bd5a804121f507717cb498c66a312ef5c774f4a78ac470e6558add352",
            ),
        ),
        megabytes=656,
    ),
    KnownDataset(
        name="mhealth",
        title="MHEALTH",
        page=_uci_page(319),
        licence=CC_BY,
        rate="50 Hz",
        labels="walking, sitting, standing, lying, jogging, biking",
        citation="Banos et al., IWAAL 2014, doi:10.24432/C5TW22",
        files=(
            RemoteFile(
                "mhealth.zip",
                _uci(319, "mhealth+dataset"),
                "16ad0ce709f3f00df18f348610d15bce0884b79e2143f57f446493673f02b8e0",
            ),
        ),
        remark="the scale of its gyroscopes is doubtful",
    ),
    KnownDataset(
        name="shl",
        title="SHL: Sussex-Huawei Locomotion",
        page="http://www.shl-dataset.org/download/",
        licence="for research, not for profit; no redistribution",
        rate="100 Hz",
        labels="walking, sitting, standing, jogging, biking",
        citation="Gjoreski et al., IEEE Access 6 (2018), doi:10.1109/ACCESS.2018.2858933",
        how_to_get="accept the terms on its page and download the parts there",
    ),
    KnownDataset(
        name="mobiact",
        title="MobiAct",
        page="https://bmi.hmu.gr/the-mobifall-and-mobiact-datasets-2/",
        licence="for research, by request",
        rate="up to 200 Hz, uneven",
        labels="walking, climbing stairs, descending stairs, sitting, standing, lying, jogging",
        citation="Vavoulas et al., ICT4AWE 2016, doi:10.5220/0005792401430151",
        how_to_get="fill in the request form on its page; the authors send a link",
    ),
    KnownDataset(
        name="wisdm",
        title="WISDM v1.1: Activity Prediction",
        page="https://www.cis.fordham.edu/wisdm/dataset.php",
        licence="for research; see its page",
        rate="20 Hz",
        labels="walking, climbing stairs, descending stairs, sitting, standing, jogging",
        citation="Kwapisz et al., SIGKDD Explorations 12 (2010)",
        files=(
            RemoteFile(
                "wisdm.tar.gz",
                "https://www.cis.fordham.edu/wisdm/includes/datasets/latest/WISDM_ar_latest.tar.gz",
            ),
        ),
        remark="it has no gyroscope: windows need `--allow-missing gyro`",
    ),
    KnownDataset(
        name="wisdm-2019",
        title="WISDM 2019: Smartphone and Smartwatch Activity and Biometrics",
        page=_uci_page(507),
        licence=CC_BY,
        rate="20 Hz",
        labels="walking, sitting, standing, jogging",
        citation="Weiss et al., IEEE Access 7 (2019), doi:10.24432/C5HK59",
        files=(
            RemoteFile("wisdm-2019.zip", _uci(507, "wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset")),
        ),
        megabytes=295,
    ),
    KnownDataset(
        name="realworld",
        title="RealWorld (HAR) 2016",
        page="https://www.uni-mannheim.de/dws/research/projects/activity-recognition/dataset/dataset-realworld/",
        licence="for research; see its page",
        rate="50 Hz",
        labels="walking, climbing stairs, descending stairs, sitting, standing, lying, jogging",
        citation="Sztyler and Stuckenschmidt, PerCom 2016, doi:10.1109/PERCOM.2016.7456521",
        files=(
            RemoteFile(
                "realworld.zip",
                "http://wifo5-14.informatik.uni-mannheim.de/sensor/dataset/realworld2016/realworld2016_dataset.zip",
            ),
        ),
    ),
    KnownDataset(
        name="usc-had",
        title="USC-HAD: USC Human Activity Dataset",
        page="https://sipi.usc.edu/had/",
        licence="free for research",
        rate="100 Hz",
        labels="walking, climbing stairs, descending stairs, sitting, standing, lying, jogging",
        citation="Zhang and Sawchuk, UbiComp Workshop SAGAware 2012",
        files=(RemoteFile("usc-had.zip", "https://sipi.usc.edu/had/USC-HAD.zip"),),
    ),
    KnownDataset(
        name="ku-har",
        title="KU-HAR, version 5, raw recordings",
        page="https://data.mendeley.com/datasets/45f952y38r/5",
        licence=CC_BY,
        rate="100 Hz",
        labels="walking, climbing stairs, descending stairs, sitting, standing, lying, jogging",
        citation="Sikder and Nahid, Pattern Recognition Letters 146 (2021), doi:10.17632/45f952y38r.5",
        files=(
            RemoteFile(
                "ku-har.zip",
                "https://data.mendeley.com/public-files/datasets/45f952y38r/files/"
                "d3126562-b795-4eba-8559-310a25859cc7/file_downloaded",
            ),
        ),
        remark="its acceleration is without gravity, so no windows can be made of it",
    ),
    KnownDataset(
        name="opportunity",
        title="OPPORTUNITY Activity Recognition",
        page=_uci_page(226),
        licence=CC_BY,
        rate="30 Hz",
        labels="walking, sitting, standing, lying",
        citation="Roggen et al., INSS 2010, doi:10.24432/C5M027",
        files=(RemoteFile("opportunity.zip", _uci(226, "opportunity+activity+recognition")),),
        remark="the unit of its gyroscopes is not documented: name it with `--gyr-unit`",
    ),
    KnownDataset(
        name="limu-bert",
        title="LIMU-BERT's windows of HHAR, MotionSense, HAPT and Shoaib",
        page="https://github.com/dapowan/LIMU-BERT-Public",
        licence="MIT (repository); the data under the terms of the four datasets",
        rate="20 Hz",
        labels="walking, climbing stairs, descending stairs, sitting, standing, lying, jogging, biking",
        citation="Xu et al., SenSys 2021, doi:10.1145/3485730.3485937",
        files=tuple(
            RemoteFile(f"limu-bert/{folder}/{kind}_20_120.npy", f"{LIMU_BERT}/dataset/{folder}/{kind}_20_120.npy")
            for folder in ("hhar", "motion", "uci", "shoaib")
            for kind in ("data", "label")
        ),
    ),
)
"""In the order in which they are shown."""
