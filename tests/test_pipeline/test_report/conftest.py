import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope='module')
def browser():
    """A headless Chromium; the machine's own, for nothing is downloaded here."""
    sync_api = pytest.importorskip('playwright.sync_api',
                                   reason='Playwright is not installed: make browser')
    found = next(filter(None, map(shutil.which, (
        'chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'))), None)
    if found is None:
        pytest.skip('there is no Chromium: as root on Debian, bash tools/misc/chromium.sh')
    with sync_api.sync_playwright() as playwright:
        sandbox = [] if os.getuid() else ['--no-sandbox']
        browser = playwright.chromium.launch(executable_path=str(Path(found)), args=sandbox)
        yield browser
        browser.close()
