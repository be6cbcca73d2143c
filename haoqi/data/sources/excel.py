"""Excel workbooks: the first sheet, its first row naming the columns."""

from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

from haoqi.core.errors import UserError, require
from haoqi.data.decode import read_bytes
from haoqi.data.raw import Raw, digest
from haoqi.data.settings import DataSettings
from haoqi.data.sources import sources
from haoqi.data.table import Table, check_names, to_raw


@sources.register
class Excel:
    """Cells as they are shown; formulas give their last value."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        return 1.0 if path.suffix.lower() in (".xlsx", ".xlsm") and path.is_file() else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        openpyxl = require("openpyxl", "excel")
        path = Path(source)
        content = read_bytes(path)
        try:
            book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)
        except (BadZipFile, KeyError, ValueError, OSError) as error:
            raise UserError(f"{path.name} is no Excel workbook: {error}", "save it as .xlsx, or as CSV") from None
        sheet = book.worksheets[0]
        rows = [row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)]
        book.close()
        if len(rows) < 2:
            raise UserError(
                f"{path.name} has no rows", "name the columns in its first row and give a row for each text"
            )
        names = [str(cell) if cell is not None else f"column {number}" for number, cell in enumerate(rows[0], 1)]
        check_names(names, path.name)
        columns = {name: [row[number] for row in rows[1:]] for number, name in enumerate(names)}
        notes = (f"only the first sheet, {sheet.title}, is read",) if len(book.sheetnames) > 1 else ()
        return to_raw(Table(path.name, columns, "excel", digest([content]), notes=notes), settings, labelled)
