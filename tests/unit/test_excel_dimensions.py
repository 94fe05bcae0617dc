"""A workbook that claims to be as large as Excel allows is read as what is in it."""

import io
import re
import zipfile
from pathlib import Path

import openpyxl

from sympolis.plugins.connector import Origin
from sympolis.plugins.connectors.excel import ExcelConnector
from sympolis.plugins.connectors.excel.settings import ExcelSettings


def test_cells_that_a_sheet_only_claims_cost_nothing(tmp_path: Path) -> None:
    workbook, written = openpyxl.Workbook(), io.BytesIO()
    for row in (["a", "b"], [1, 2]):
        workbook.active.append(row)
    workbook.save(written)
    path = tmp_path / "claims.xlsx"
    with zipfile.ZipFile(written) as plain, zipfile.ZipFile(path, "w") as claims:
        for name in plain.namelist():
            content = plain.read(name)
            if name.endswith("sheet1.xml"):
                content = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', content)
                far = b'<row r="50000"><c r="A50000"><v>5</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", far)
            claims.writestr(name, content)
    found = [record.fields for record in ExcelConnector().read(Origin(path, None), ExcelSettings())]
    assert found == [{"a": 1, "b": 2}, {"a": 5, "b": None}]
