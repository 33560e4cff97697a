"""The HTML report, opened in a browser: a stranger finds the tables and figures in it."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import Checkout

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)")

# Opens each result as a click on its eye does, and leaves what was shown in the page's body.
CLICK_THROUGH = """
<script>
window.addEventListener("load", async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const seen = [];
  await pause(300);
  const home = document.querySelector("#app").innerText;
  for (const [path, entry] of Object.entries(results)) {
    const kind = entry.mime_type === "text/html" ? "html" : "img";
    app.setView({content: kind, contentPath: entry.data_uri, resultPath: path});
    await pause(300);
    const shown = document.querySelector(kind === "html" ? "iframe" : "img[src^='data:image']");
    const right = shown !== null && shown.src === entry.data_uri;
    const width = kind === "img" && shown ? shown.naturalWidth : 0;
    seen.push({path, caption: entry.caption, labels: entry.labels, shown: right, width});
  }
  const categoriesShown = Object.keys(categories);
  const text = JSON.stringify({home, seen, categories: categoriesShown});
  document.body.innerHTML = '<pre id="seen">' + btoa(unescape(encodeURIComponent(text))) + "</pre>";
});
</script>
"""


def browse(page: Path, *options: str) -> str:
    """Opens a file in headless Chromium and returns the page as it then is."""
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [f"--user-data-dir={page.parent / 'chromium'}", "--virtual-time-budget=20000", *options]
    run = subprocess.run([*command, f"file://{quote(str(page))}"], capture_output=True, text=True, timeout=180)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def report(tiny_run: Checkout) -> Path:
    return tiny_run.results / "report.html"


@pytest.fixture(scope="module")
def seen(report: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What a reader sees who opens the report and then each of its results."""
    page = tmp_path_factory.mktemp("browser") / "report.html"
    html = report.read_text()
    assert html.count("</body>") == 1
    page.write_text(html.replace("</body>", CLICK_THROUGH + "</body>"))
    found = re.search(r'<pre id="seen">([A-Za-z0-9+/=]+)</pre>', browse(page, "--dump-dom"))
    assert found, "the report's own scripts have failed"
    return json.loads(base64.b64decode(found[1]))


@needs_chromium
def test_the_report_greets_a_stranger(seen: dict):
    assert "Weakly supervised semantic segmentation" in seen["home"]
    assert seen["categories"] == [
        "1. Tables", "2. Figures", "3. Labels, stage by stage", "4. Run times and provenance",
    ]  # fmt: skip


@needs_chromium
@pytest.mark.parametrize(
    "file",
    [
        "tables/nsrom_table3.html",
        "tables/stage_quality.html",
        "tables/runtime.html",
        "tables/provenance.html",
        "figures/nsrom_figure4.png",
        "figures/nsrom_figure5.png",
        "figures/nsrom_figure6.png",
    ],
)
def test_a_result_is_shown_with_its_caption(seen: dict, file: str):
    result = next(r for r in seen["seen"] if r["path"].endswith(file))
    assert result["shown"]
    assert len(result["caption"]) > 40
    assert result["labels"]
    assert file.endswith(".html") or result["width"] > 500


@needs_chromium
@pytest.mark.parametrize(
    ("file", "texts"),
    [
        (
            "nsrom_table3",
            ["baseline", "+ GR + POM + NSRM", "retention", "paper (VOC 2012)", "70.4", "one seed: no verdict"],
        ),
        ("stage_quality", ["OA-CAM", "masked label (NSRM)", "coverage"]),
        ("runtime", ["train_classifier", "mask_nonsalient_region", "peak memory (MiB)"]),
        ("provenance", ["classifier/default/seed-0", "torch", "differs from baseline"]),
    ],
)
def test_a_table_reads_well(tiny_run: Checkout, tmp_path: Path, file: str, texts: list[str]):
    """The embedded page, rendered: all texts are in it, and its table is wider than a phone and no mere dump."""
    page = tmp_path / "page.html"
    page.write_bytes((tiny_run.results / "tables" / f"{file}.html").read_bytes())
    rendered = browse(page, "--dump-dom")
    for text in texts:
        assert text in rendered
    assert "NaN" not in rendered and ">nan<" not in rendered


def test_the_report_needs_no_network(report: Path):
    """Nothing in it is fetched when it is opened."""
    html = report.read_text()
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?:", html)


def test_a_report_can_also_be_written_by_hand(tiny_copy: Checkout):
    tiny_copy.snakemake("nsrom_table3", "nsrom_figure6", "--report", "by_hand.html")
    html = (tiny_copy.folder / "by_hand.html").read_text()
    assert "nsrom_table3.html" in html and "nsrom_figure6.png" in html
