"""The page in Chromium, used by mouse, keys and on a phone's screen."""

import cv2
import pytest
from made_run import HOSTILE, LENGTH, REASON, make_run

from s2d_plugins.pipeline.report import write_report


@pytest.fixture(scope='module')
def report(tmp_path_factory):
    return write_report(make_run(tmp_path_factory.mktemp('run')).root).path


@pytest.fixture
def open_page(browser, report):
    """A function that opens the page; at the end nothing may have been complained of or fetched."""
    contexts, complaints, fetched = [], [], []

    def start(**settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on('console', lambda message: complaints.append(message.text))
        page.on('pageerror', lambda error: complaints.append(str(error)))
        page.on('request', lambda request: fetched.append(request.url))
        page.goto(report.as_uri())
        return page
    yield start
    for context in contexts:
        context.close()
    assert not complaints
    assert not [url for url in fetched if url.partition(':')[0] not in ('file', 'data', 'blob')]


def choose(page, name):
    page.locator(f'#videos button[data-name={name}]').click()
    assert page.locator('#detail h2').text_content() == name


def place(page):
    return int(page.locator('#lanes').get_attribute('aria-valuenow'))


def wait_for(page, expression):
    """Wait until JavaScript is true; Playwright's own way is stopped by the page's policy."""
    for _ in range(150):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f'never came true: {expression}')


def test_names_run_nothing_and_failures_lead(open_page):
    page = open_page()
    assert page.locator('#detail h2').text_content() == 'broken'
    assert REASON in page.locator('#detail').text_content()
    assert page.locator('#failures li').all_text_contents() == [
        f'broken{REASON}', f'{HOSTILE}hardly any agreement']
    page.locator('#failures button', has_text='document').click()
    assert page.locator('#detail h2').text_content() == HOSTILE
    assert page.title().startswith('S2D report: run')


def test_a_click_and_a_drag_in_the_timeline_seek(open_page):
    page = open_page()
    choose(page, 'good')
    page.locator('#lanes').scroll_into_view_if_needed()
    track = page.locator('#lanes svg').first.bounding_box()
    middle = track['y'] + track['height'] / 2
    page.mouse.click(track['x'] + track['width'] * 5.5 / LENGTH, middle)
    assert place(page) == 5 and 'frame 5 of 8 · 1.25 s' in page.locator('#place').text_content()
    assert page.locator('#pictures h3').text_content() == 'Frame 5'
    page.mouse.move(track['x'] + 2, middle)
    page.mouse.down()
    page.mouse.move(track['x'] + track['width'] * 2.5 / LENGTH, middle)
    page.mouse.up()
    assert place(page) == 2


def test_the_overlay_plays_in_step_with_the_timeline(open_page, report):
    overlay = cv2.VideoCapture(str(report.parent / 'good/overlay.mp4'))
    code = int(overlay.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, 'little')
    if code not in (b'h264', b'avc1'):
        pytest.skip(f'the overlay is {code}, which browsers do not play')
    page = open_page()
    choose(page, 'good')
    wait_for(page, 'document.querySelector("video").readyState >= 2')
    page.locator('#lanes').focus()
    page.keyboard.press('Shift+ArrowRight')
    assert place(page) == LENGTH - 1
    wait_for(page, 'document.querySelector("video").currentTime > 1.7')
    page.keyboard.press('[')
    wait_for(page, '!document.querySelector("video").seeking')
    assert place(page) == LENGTH - 2
    page.keyboard.press('Shift+ArrowLeft')
    page.keyboard.press(' ')
    wait_for(page, '+document.getElementById("lanes").ariaValueNow >= 2')
    page.keyboard.press(' ')
    assert page.evaluate('document.querySelector("video").paused')


def test_filters_and_keys(open_page):
    page = open_page()
    names = page.locator('#videos button')
    assert names.count() == 3
    page.keyboard.press('/')
    page.keyboard.type('GOO')
    assert names.count() == 1 and page.locator('#count').text_content() == '1 of 3 videos'
    page.keyboard.press('Escape')
    page.keyboard.press('j')
    assert page.locator('#detail h2').text_content() == 'good'
    page.locator('#filter').fill('')
    page.locator('#state').select_option('low')
    assert names.count() == 1 and names.first.get_attribute('data-name') == HOSTILE
    page.locator('#state').select_option('all')
    page.keyboard.press('Escape')
    page.keyboard.press('k')
    assert page.locator('#detail h2').text_content() == HOSTILE
    page.keyboard.press('?')
    assert page.locator('#help').is_visible()
    page.keyboard.press('Escape')
    assert not page.locator('#help').is_visible()


def test_stages_are_switched_and_enlarged(open_page):
    page = open_page()
    choose(page, 'good')
    panels = page.locator('#pictures figure')
    assert [text.split(' · ')[0] for text in panels.locator('figcaption').all_text_contents()] == [
        'proposals', 'keymasks', 'dense', 'final']
    page.keyboard.press('3')
    assert panels.count() == 1 and panels.locator('path').count() == 1
    page.keyboard.press('1')
    assert panels.count() == 1 and panels.locator('path').count() == 0
    page.keyboard.press('0')
    panels.nth(1).locator('button').click()
    large = page.locator('#large')
    assert 'keymasks · frame 0' in large.text_content()
    page.keyboard.press('5')
    for _ in range(3):
        page.keyboard.press('ArrowRight')
    assert 'final · frame 3' in large.text_content() and large.locator('path').count() == 1
    page.keyboard.press('3')
    assert large.locator('path').count() == 0  # no keymask in this frame
    page.keyboard.press('Escape')
    assert not large.is_visible() and place(page) == 3


def test_losses_can_be_shown_one_by_one(open_page):
    page = open_page()
    chart = page.locator('.chart')
    assert chart.locator('polyline').count() == 1
    chart.locator('button', has_text='loss_mask').click()
    assert chart.locator('polyline').count() == 2
    chart.locator('svg').hover()
    assert 'loss_mask 4.000' in chart.text_content()


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_a_phone_in_light_and_dark(open_page, scheme):
    page = open_page(viewport=dict(width=360, height=740), has_touch=True, color_scheme=scheme)
    choose(page, 'good')
    assert page.evaluate('document.documentElement.scrollWidth') == 360
    back = 'getComputedStyle(document.body).backgroundColor'
    dark = sum(map(int, page.evaluate(back)[4:-1].split(','))) < 200
    assert dark == (scheme == 'dark')
    page.locator('#lanes svg').nth(1).tap()
    assert place(page) in (3, 4)
    for _ in range(2 if scheme == 'light' else 1):
        page.locator('#theme').click()
    assert (sum(map(int, page.evaluate(back)[4:-1].split(','))) < 200) != dark
