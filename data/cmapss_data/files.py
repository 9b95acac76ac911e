"""What C-MAPSS consists of: its subsets, columns and files, with the facts that a copy can be checked against.

Source: A. Saxena, K. Goebel, D. Simon, N. Eklund, "Damage Propagation Modeling for Aircraft Engine Run-to-Failure
Simulation", PHM08; the sizes and hashes are those that independent public copies agree on, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass

SUBSETS: tuple[str, ...] = ("FD001", "FD002", "FD003", "FD004")
FEATURES: tuple[str, ...] = ("cycle", "op1", "op2", "op3", *(f"s{number}" for number in range(1, 22)))
COLUMNS: tuple[str, ...] = ("unit", *FEATURES)
INTEGER_COLUMNS: frozenset[str] = frozenset({"unit", "cycle", "s17", "s18"})

README = "readme.txt"
README_SHA256 = "4f5270554b775c67e73aff383c5436fd329d6e4cc3d3a116913276fae511269b"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of one file: its lines (`rows`) and engines in any copy, and the real one's size and hash."""

    name: str
    rows: int
    engines: int
    bytes: int
    sha256: str

    @property
    def trailing(self) -> str:
        """The blanks that end every line of the real file: two in train and test files, one in RUL files."""
        return " " if self.name.startswith("RUL") else "  "


# name, lines, engines, bytes, sha256
_TABLE = """
train_FD001.txt 20631 100  3515356 963b5e22825b34d8b21c69e1aeb4af3e647050eb672ee8834ba4b5d91d2de0f8
test_FD001.txt  13096 100  2228855 3cda7109ce17bafb5443f2ac926cfcf88154b941b8c4cf95eb55d1ddd6f52851
RUL_FD001.txt     100 100      429 a19c8ec94931949d0485bdc35118206e9c81c4547b422efb9cf86f4ceddbceca
train_FD002.txt 53759 260  9082480 dac6c4dbc4e7c1bdeb5747da3d313d05c395bb99801b44a002b26a2ba13d788f
test_FD002.txt  33991 259  5734587 de7b5bf7e998a985c378488480528b7c02cff1406a46740def362dda8d9b4e02
RUL_FD002.txt     259 259     1110 c851dd96a6ea6998d3c4a8f834d3c8013aa90e93a6ed950dc826ad0655b2906b
train_FD003.txt 24720 100  4213862 2abbe9968cc5e8eb091980f51b20f62bb4127336d3482cb52071d53bf23329e2
test_FD003.txt  16596 100  2826651 299babd63c8d987cef079c4a425429f33b3a34797d803bbe2ad48c29dbd0d790
RUL_FD003.txt     100 100      428 df1e0566306b174a2de41c67a3e7a51877889598b78643fc3e5685259091b7cb
train_FD004.txt 61249 249 10350705 27ef6160b6a1dcb2613a88de9c239f763b223f02cdc41dc5cdedc5dc189b6218
test_FD004.txt  41214 248  6957759 1dc675fff0624bac10786927c6715b37d1297657137400d2b1a3138d777a3ba5
RUL_FD004.txt     248 248     1084 196b836b85a95ac7fdbbf29c5fdf1657382eafa445644d114ffaaf50dc2975e1
"""
FILES: dict[str, FileFacts] = {
    name: FileFacts(name, int(rows), int(engines), int(size), sha256)
    for name, rows, engines, size, sha256 in map(str.split, _TABLE.strip().splitlines())
}
