"""The HTML report, opened in a browser: a stranger finds the tables and figures in it."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from checkouts import Checkout

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)")

# Clicks on each category and the eye of each of its entries, as a reader does, and leaves what was shown as the page.
CLICK_THROUGH = """
<script>
window.addEventListener("load", async () => {
  const pause = () => new Promise((done) => setTimeout(done, 250));
  const part = (selector) => [...document.querySelectorAll("#app " + selector)];
  await pause();
  const seen = {home: document.querySelector("#app").innerText, categories: {}, results: {}};
  for (const category of Object.keys(categories)) {
    part("*").filter((node) => node.childElementCount === 0 && node.textContent === category)[0].click();
    await pause();
    seen.categories[category] = part("tbody tr").map((row) => row.innerText.trim());
    for (let number = 0; number < seen.categories[category].length; number += 1) {
      part("tbody tr")[number].querySelector("a").click();
      await pause();
      const entry = results[app.state.resultPath];
      const shown = part("iframe, img[src^='data:image/png']").filter((node) => node.src === entry.data_uri);
      seen.results[app.state.resultPath] = {
        caption: entry.caption, shown: shown.length, width: Math.max(0, ...shown.map((node) => node.naturalWidth || 0)),
      };
    }
    app.setView({navbarMode: "menu"});
    await pause();
  }
  const text = btoa(unescape(encodeURIComponent(JSON.stringify(seen))));
  document.body.innerHTML = '<pre id="seen">' + text + "</pre>";
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
    before, after = report.read_text().rsplit("</body>", 1)
    page.write_text(before + CLICK_THROUGH + "</body>" + after)
    found = re.search(r'<pre id="seen">([A-Za-z0-9+/=]+)</pre>', browse(page, "--dump-dom"))
    assert found, "the report's own scripts have failed"
    return json.loads(base64.b64decode(found[1]))


@needs_chromium
def test_the_report_greets_a_stranger(seen: dict):
    assert "Weakly supervised semantic segmentation" in seen["home"]
    assert seen["categories"] == {
        "1. Tables": ["NSROM, Table 3"],
        "2. Figures": ["NSROM, Figure 4", "NSROM, Figure 6"],
        "3. Labels, stage by stage": ["NSROM, Figure 5", "Quality of the labels"],
        "4. Run times and provenance": ["Provenance", "Time and memory"],
    }


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
    result = seen["results"][f"results/tiny/{file}"]
    assert result["shown"] == 1
    assert len(result["caption"]) > 40
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
        (
            "provenance",
            [
                "classifier/default/seed-0",
                "torch",
                "differs from baseline",
                "NSROM, Table 3",
                "math threads 1",
            ],
        ),
    ],
)
def test_a_table_reads_well(tiny_run: Checkout, tmp_path: Path, file: str, texts: list[str]):
    """The page that the report embeds has all these texts, and no number is missing without a dash."""
    page = tmp_path / "page.html"
    page.write_bytes((tiny_run.results / "tables" / f"{file}.html").read_bytes())
    rendered = browse(page, "--dump-dom")
    for text in texts:
        assert text in rendered
    assert "NaN" not in rendered and ">nan<" not in rendered


def test_the_chain_behind_each_number_is_whole(tiny_run: Checkout):
    """Every number of Table 3 and Figure 6, all steps of NSROM behind its own, and no link that does not meet."""
    page = (tiny_run.results / "tables/provenance.html").read_text()
    assert '<a href="provenance.html#nsrom_table3">' in (tiny_run.results / "tables/nsrom_table3.html").read_text()
    assert page.count("<details>") == 5 and '<h2 id="nsrom_figure6">' in page
    (chain,) = re.findall(r"<summary>\+ GR \+ POM \+ NSRM, seed 0.*?</details>", page, re.DOTALL)
    stages = ("classifier", "cams", "integral", "integral_cams", "initial_labels", "pseudo_labels", "round1")
    stages += ("predictions", "masked_labels", "round2", "evaluation")
    places = [chain.index(f"<td>{stage}/default/seed-0</td>") for stage in stages]
    assert len(set(places)) == len(stages) and max(places) == places[-1]
    assert chain.count("<td>yes</td>") == len(stages)


def test_the_report_needs_no_network(report: Path):
    """Nothing in it is fetched when it is opened."""
    html = report.read_text()
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?:", html)


def test_a_report_can_also_be_written_by_hand(tiny_copy: Checkout):
    tiny_copy.snakemake("nsrom_table3", "nsrom_figure6", "--report", "by_hand.html")
    html = (tiny_copy.folder / "by_hand.html").read_text()
    assert "nsrom_table3.html" in html and "nsrom_figure6.png" in html
