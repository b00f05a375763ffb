'use strict';
(() => {
  const STAGES = ['frame', 'proposals', 'keymasks', 'dense', 'infer'];
  const TITLES = {frame: 'frame', proposals: 'proposals', keymasks: 'keymasks', dense: 'dense', infer: 'final'};
  const STATES = ['failed', 'doubtful', 'unfinished', 'good'];
  const COLORS = ['#1f6feb', '#d1570a', '#1a9a50', '#b03fc0', '#c69a00', '#0aa5b5', '#d6336c', '#7a5c3e'];
  const byId = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(byId(id).textContent);
  const run = read('run-data');
  const videos = run.videos.map((video, number) => ({...video, number}))
    .sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.number - b.number);
  const now = {video: null, data: null, frame: 0, picture: 0, stage: 'all', player: null, url: null};

  // ---- making elements; text is only ever set as text
  const fill = (element, props, children) => {
    for (const [key, value] of Object.entries(props || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
      else if (key === 'style') for (const [name, item] of Object.entries(value)) element.style.setProperty(name, item);
      else element.setAttribute(key, value === true ? '' : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  };
  const make = (tag, props, ...children) => fill(document.createElement(tag), props, children);
  const draw = (tag, props, ...children) => fill(document.createElementNS('http://www.w3.org/2000/svg', tag), props, children);
  const percent = (value) => value === null || value === undefined ? '-' : (100 * value).toFixed(1);
  const fixed = (value, digits) => value === null || value === undefined ? '-' : value.toFixed(digits);
  const duration = (seconds) => {
    if (seconds === null || seconds === undefined) return '-';
    if (seconds < 60) return `${seconds.toFixed(1)} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
    return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  };
  const memory = (mb) => mb >= 1024 ? `${(mb / 1024).toFixed(2)} GB` : `${Math.round(mb || 0)} MB`;
  const meter = (share) => make('span', {class: 'meter'}, make('i', {style: {width: `${100 * Math.max(0, Math.min(1, share || 0))}%`}}));
  const table = (heads, rows) => make('div', {class: 'scroll'}, make('table', null,
    make('thead', null, make('tr', null, heads.map((head) => make('th', {scope: 'col'}, head)))),
    make('tbody', null, rows.map((row) => make('tr', null, row.map((cell) => make('td', null, cell)))))));

  // ---- overview
  const runState = () => {
    const note = run.note;
    if (!note.started) return 'of a run that left no note of itself';
    if (note.error) return `the run ended with an error: ${note.error}`;
    if (note.ended) return `the run ended after ${duration(note.ended - note.started)}`;
    return `the run is going on or was stopped${note.stage ? `, in the stage ${note.stage}` : ''}`;
  };
  const showOverview = () => {
    document.title = `S2D report: ${run.name}`;
    byId('subtitle').textContent = `${run.name} · ${runState()} · page written ${run.made}`;
    const cards = [
      ['videos', videos.length + run.left_out], ['failed', run.states.failed, 'failed'],
      ['doubtful', run.states.doubtful, 'doubtful'], ['unfinished', run.states.unfinished],
      ['instances', videos.reduce((sum, video) => sum + (video.instances || 0), 0)],
      ['time of all stages', duration(run.costs.reduce((sum, cost) => sum + cost.seconds, 0))],
      ['peak memory', memory(Math.max(0, ...run.costs.map((cost) => cost.memory)))]];
    byId('cards').append(...cards.map(([name, value, kind]) =>
      make('div', null, make('b', {class: value ? kind : null}, String(value)), name)));
    const lines = [
      ...(run.note.error ? [make('li', {class: 'failed'}, `run: ${run.note.error}`)] : []),
      ...run.problems.map((line) => make('li', {class: 'failed'}, line)),
      ...videos.filter((video) => video.state === 'failed' || video.state === 'doubtful').map((video) =>
        make('li', null, make('button', {class: video.state, onclick: () => open(video)}, video.name), video.reason || ''))];
    byId('failures').hidden = !lines.length;
    byId('failures').querySelector('ul').append(...lines);
    const left = run.left_out ? ` ${run.left_out} videos are left out: those shown failed or are least to be trusted.` : '';
    const linked = run.linked ? ` ${run.linked} overlays are read from the work dir beside this page, which would be too large with them.` : '';
    byId('footer').textContent = `This page: ${run.megabytes.toFixed(1)} MB, up to ${run.pictures} frames a video, no network.${linked}${left} S2D ${run.version}.`;
  };

  // ---- list
  const shown = () => {
    const text = byId('filter').value.toLowerCase(), state = byId('state').value;
    return videos.filter((video) => video.name.toLowerCase().includes(text) &&
      (state === 'all' || video.state === state || (state === 'low' && (video.low || []).length)));
  };
  const showList = () => {
    const list = shown();
    byId('count').textContent = `${list.length} of ${videos.length} videos`;
    byId('videos').replaceChildren(...list.map((video) => make('li', null, make('button', {
      'data-name': video.name, 'aria-current': video === now.video ? 'true' : 'false', onclick: () => open(video)},
    make('span', {class: `stage-of ${video.state}`}, '● '), video.name,
    make('small', null, [video.state, video.instances === null ? null : `${video.instances} instances`,
      video.quality === null ? null : `quality ${video.quality.toFixed(2)}`].filter(Boolean).join(' · '))))));
  };
  const step = (by) => {
    const list = shown();
    if (!list.length) return;
    const at = list.indexOf(now.video);
    open(list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + by))]);
    const button = byId('videos').querySelector('[aria-current=true]');
    if (button) button.scrollIntoView({block: 'nearest'});
  };

  // ---- one video
  const open = (video) => {
    if (now.url) URL.revokeObjectURL(now.url);
    Object.assign(now, {video, data: read(`video-${video.number}`), frame: 0, picture: 0, player: null, url: null});
    const {data} = now;
    const detail = byId('detail');
    detail.replaceChildren(
      make('h2', {class: 'name'}, video.name),
      make('p', {class: 'quiet'}, [`${data.frames} frames`, data.size ? `${data.size[1]} x ${data.size[0]}` : null,
        data.fps ? `${data.fps.toFixed(2)} frames a second` : null, data.shots.length > 1 ? `${data.shots.length} shots` : null,
        data.source].filter(Boolean).join(' · ')),
      video.reason ? make('p', {class: video.state}, video.reason) : '',
      ...data.problems.filter((line) => line !== video.reason).map((line) => make('p', {class: 'failed'}, line)),
      player(video), make('p', {id: 'place', class: 'quiet'}), data.frames ? timeline(data) : '',
      make('div', {id: 'pictures'}), instances(data), costs(data));
    showList();
    showPictures();
    setFrame(0, false);
  };

  const player = (video) => {
    if (!video.overlay) return make('p', {class: 'quiet'}, 'There is no overlay yet: it is made at the end.');
    let source = video.overlay.link;
    if (video.overlay.inside) {
      const bytes = Uint8Array.from(atob(byId(`overlay-${video.number}`).textContent), (c) => c.charCodeAt(0));
      source = now.url = URL.createObjectURL(new Blob([bytes], {type: 'video/mp4'}));
    }
    const note = make('p', {class: 'doubtful', hidden: true},
      'The overlay cannot be played here: it is not beside this page, or this browser does not know its codec. Timeline and pictures work without it.');
    const element = make('video', {src: source, controls: true, playsinline: true, muted: true, preload: 'auto',
      onerror: () => { note.hidden = false; element.hidden = true; now.player = null; }});
    now.player = element;
    const follow = () => { if (now.player === element && element.duration) setFrame(Math.floor(element.currentTime / element.duration * now.data.frames + 1e-3), false); };
    for (const event of ['timeupdate', 'seeked', 'pause']) element.addEventListener(event, follow);
    const tick = () => { follow(); if (now.player === element && !element.paused) requestAnimationFrame(tick); };
    element.addEventListener('play', tick);
    return make('div', {class: 'player'}, element, note);
  };

  const setFrame = (frame, seek) => {
    const {data, player: video} = now;
    if (!data || !data.frames) return;
    now.frame = Math.max(0, Math.min(data.frames - 1, frame));
    if (seek && video && video.duration) video.currentTime = (now.frame + 0.5) / data.frames * video.duration;
    const lanes = byId('lanes');
    if (lanes) {
      lanes.style.setProperty('--at', (now.frame + 0.5) / data.frames);
      lanes.setAttribute('aria-valuenow', now.frame);
      lanes.querySelector('.playhead').style.height = `${lanes.scrollHeight}px`;
    }
    byId('place').textContent = `frame ${now.frame} of ${data.frames}` + (data.fps ? ` · ${(now.frame / data.fps).toFixed(2)} s` : '');
    let best = 0;
    data.pictures.forEach((picture, index) => {
      if (Math.abs(picture.frame - now.frame) < Math.abs(data.pictures[best].frame - now.frame)) best = index;
    });
    if (best !== now.picture) { now.picture = best; showPictures(); }
  };

  // ---- timeline
  const bars = (runs, color, extra) => runs.map(([first, last]) =>
    draw('rect', {x: first, width: last - first + 1, y: 0, height: 10, fill: color, ...extra}));
  const lane = (label, total, shapes, props) => make('div', {class: `row ${(props || {}).kind || ''}`, title: (props || {}).title},
    make('span', {class: 'label'}, (props || {}).color ? make('i', {class: 'swatch', style: {background: props.color}}) : '', label),
    shapes ? draw('svg', {class: (props || {}).tall ? 'tall' : '', viewBox: `0 0 ${total} ${(props || {}).height || 10}`, preserveAspectRatio: 'none'}, shapes) : make('span'));
  const timeline = (data) => {
    const total = data.frames, rows = [];
    for (const [stage, title] of [['infer', 'final'], ['dense', 'dense labels'], ['keymasks', 'keymasks']]) {
      const found = data.rows[stage];
      if (!found) continue;
      rows.push(lane(`${title}${found.length ? '' : ': none'}`, total, null, {kind: 'head'}));
      for (const row of found) {
        const quality = row.quality ? `, quality ${row.quality.quality.toFixed(2)}` : '';
        rows.push(lane(`${row.label}${row.quality && row.quality.low ? '?' : ''} · ${row.frames} fr.`, total,
          [...bars(row.ranges || [], row.color, {opacity: 0.3}), ...bars(row.runs, row.color, stage === 'keymasks' ? {y: 2, height: 6} : {})],
          {color: row.color, title: `${title} ${row.label}: ${row.frames} frames${quality}${row.ranges ? `, visible ${row.ranges.map((range) => range.join(' to ')).join(', ')}` : ''}`}));
      }
    }
    if (data.counts) {
      const most = Math.max(1, ...data.counts);
      rows.push(lane('proposals', total, draw('path', {fill: 'var(--quiet)',
        d: `M0,10${data.counts.map((count, frame) => `V${10 - 10 * count / most}H${frame + 1}`).join('')}V10Z`}), {title: `proposals a frame, up to ${most}`}));
    }
    for (const [stage, series] of Object.entries(data.truth || {})) {
      const reading = ['track', 'top', 'best'].find((name) => series[`J_${name}`]);
      if (!reading) continue;
      rows.push(lane(`J ${TITLES[stage] || 'proposals*'}`, total, draw('polyline', {fill: 'none', stroke: 'var(--accent)', 'stroke-width': 2,
        'vector-effect': 'non-scaling-stroke', points: series.frame.map((frame, index) => `${frame + 0.5},${100 - 100 * series[`J_${reading}`][index]}`).join(' ')}),
      {tall: true, height: 100, title: `${stage}: J (${reading}) in each frame, 0 to 1`}));
    }
    const marks = [...data.pictures.map((picture) => draw('rect', {x: picture.frame, width: 1, y: 0, height: 10, fill: 'var(--accent)'})),
      ...data.shots.slice(1).map(([first]) => draw('rect', {x: first, width: 0.6, y: 0, height: 10, fill: 'var(--bad)'}))];
    rows.push(lane('pictures', total, marks, {title: 'frames shown below; red: cuts between shots'}));
    const lanes = make('div', {id: 'lanes', class: 'lanes', role: 'slider', tabindex: 0, 'aria-label': 'frame',
      'aria-valuemin': 0, 'aria-valuemax': total - 1, 'aria-valuenow': 0}, rows, make('div', {class: 'playhead'}));
    const seek = (event) => {
      const track = lanes.querySelector('svg').getBoundingClientRect();
      setFrame(Math.floor((event.clientX - track.left) / track.width * total), true);
    };
    lanes.addEventListener('pointerdown', (event) => {
      if (event.button || event.offsetX > lanes.clientWidth) return;
      lanes.setPointerCapture(event.pointerId);
      seek(event);
    });
    lanes.addEventListener('pointermove', (event) => { if (lanes.hasPointerCapture(event.pointerId)) seek(event); });
    return lanes;
  };

  // ---- pictures
  const picture = (shot, stage, tag, props) => {
    const masks = (shot.layers[stage] || []).map((mask) => draw('path', {d: mask.d, fill: mask.color, stroke: mask.color}, draw('title', null, mask.label)));
    return make(tag, {class: 'picture', ...props}, make('img', {alt: `${TITLES[stage]}, frame ${shot.frame}`, src: `data:image/jpeg;base64,${shot.jpeg}`,
      width: shot.width, height: shot.height}), draw('svg', {viewBox: `0 0 ${shot.width} ${shot.height}`}, masks));
  };
  const available = () => STAGES.filter((stage) => stage === 'frame' || now.data.pictures.some((shot) => stage in shot.layers));
  const stageButtons = (names, chosen, choose) => names.map((name, index) => make('button', {'data-stage': name,
    'aria-pressed': String(name === chosen), onclick: () => choose(name)}, name === 'all' ? 'side by side' : TITLES[name]));
  const showPictures = () => {
    const box = byId('pictures'), {data} = now;
    if (!data.pictures.length) { box.replaceChildren(make('p', {class: 'quiet'}, 'There are no pictures: no frames yet, or the page was full.')); return; }
    const shot = data.pictures[now.picture], stages = available();
    const stage = now.stage === 'all' || stages.includes(now.stage) ? now.stage : 'all';
    const panels = (stage === 'all' ? stages.slice(stages.length > 1 ? 1 : 0) : [stage]).map((name) => make('figure', null,
      picture(shot, name, 'button', {title: 'enlarge (e)', onclick: () => enlarge(name)}),
      make('figcaption', null, TITLES[name] + (name === 'frame' ? '' : ` · ${(shot.layers[name] || []).length} masks`))));
    const before = box.querySelector('.strip'), scroll = before ? before.scrollLeft : 0;
    const strip = make('div', {class: 'strip'}, data.pictures.map((one, index) => make('button', {'aria-pressed': String(index === now.picture),
      title: `frame ${one.frame}`, onclick: () => choosePicture(index)}, make('img', {alt: `frame ${one.frame}`, src: `data:image/jpeg;base64,${one.jpeg}`}))));
    box.replaceChildren(make('h3', null, `Frame ${shot.frame}`),
      make('div', {class: 'stages'}, stageButtons(['all', ...stages], stage, (name) => { now.stage = name; showPictures(); })),
      make('div', {class: `panels ${stage === 'all' ? '' : 'one'}`}, panels), strip);
    strip.scrollLeft = scroll;
  };
  const choosePicture = (index) => {
    const {pictures} = now.data;
    if (!pictures.length) return;
    now.picture = Math.max(0, Math.min(pictures.length - 1, index));
    showPictures();
    setFrame(pictures[now.picture].frame, true);
    if (byId('large').open) enlarge(now.large);
  };
  const enlarge = (stage) => {
    const shot = now.data && now.data.pictures[now.picture], dialog = byId('large');
    if (!shot) return;
    now.large = stage;
    dialog.style.setProperty('--ratio', shot.width / shot.height);
    const big = picture(shot, stage, 'div');
    dialog.replaceChildren(make('div', {class: 'bar'},
      make('button', {onclick: () => choosePicture(now.picture - 1), 'aria-label': 'previous picture'}, '←'),
      make('button', {onclick: () => choosePicture(now.picture + 1), 'aria-label': 'next picture'}, '→'),
      stageButtons(available(), stage, enlarge), make('button', {onclick: () => dialog.close()}, 'Close')), big,
    make('p', {class: 'quiet'}, `${now.video.name} · ${TITLES[stage]} · frame ${shot.frame}`));
    if (!dialog.open) dialog.showModal();
  };

  // ---- tables of a video
  const instances = (data) => {
    const found = data.rows.infer;
    if (!found || !found.length) return '';
    const known = found.some((row) => row.quality);
    return make('section', null, make('h3', null, 'Instances'), table(
      ['instance', 'frames', 'score', ...(known ? ['quality', 'keymasks agree', 'keymasks cover', 'dense agrees'] : [])],
      found.map((row) => {
        const quality = row.quality || {};
        return [make('span', null, make('i', {class: 'swatch', style: {background: row.color}}), `${row.label}${quality.low ? ' ? (low)' : ''}`),
          String(row.frames), fixed(row.score, 2), ...(known ? [make('span', null, meter(quality.quality), fixed(quality.quality, 2)),
            fixed(quality.keymask_agreement, 2), fixed(quality.keymask_share, 2), fixed(quality.dense_agreement, 2)] : [])];
      })));
  };
  const costs = (data) => {
    const rows = Object.entries(data.costs);
    if (!rows.length) return '';
    const most = Math.max(...rows.map(([, cost]) => cost.seconds || 0));
    return make('section', null, make('h3', null, 'Costs of this video'), table(['stage', 'time', 'peak memory', 'found'], rows.map(([stage, cost]) => [
      stage, make('span', null, meter(cost.seconds / most), duration(cost.seconds)), memory(cost.peak_memory_mb),
      Object.entries(cost).filter(([name]) => !['seconds', 'peak_memory_mb', 'low_quality'].includes(name)).map(([name, value]) => `${value} ${name}`).join(', ')])));
  };

  // ---- the run
  const chart = (title, series) => {
    const width = 640, height = 240, left = 52, bottom = 26, names = Object.keys(series);
    const on = new Set(names.filter((name) => name === 'loss'));
    if (!on.size) on.add(names[0]);
    const box = make('figure', {class: 'chart'});
    const show = () => {
      const chosen = names.filter((name) => on.has(name)), points = chosen.flatMap((name) => series[name]);
      const most = Math.max(1e-9, ...points.map(([, y]) => y)), last = Math.max(1, ...names.flatMap((name) => series[name].map(([x]) => x)));
      const px = (x) => left + (width - left - 10) * x / last, py = (y) => height - bottom - (height - bottom - 10) * Math.max(0, y) / most;
      const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => [draw('line', {class: 'grid', x1: left, x2: width - 10, y1: py(part * most), y2: py(part * most)}),
        draw('text', {x: left - 6, y: py(part * most) + 4, 'text-anchor': 'end'}, (part * most).toPrecision(3))]);
      const image = draw('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `losses of ${title}`}, grid.flat(),
        draw('text', {x: left, y: height - 6}, '0'), draw('text', {x: width - 10, y: height - 6, 'text-anchor': 'end'}, `step ${last}`),
        chosen.map((name) => draw('polyline', {stroke: COLORS[names.indexOf(name) % COLORS.length], points: series[name].map(([x, y]) => `${px(x)},${py(y)}`).join(' ')})));
      const value = make('p', {class: 'quiet'}, 'Point at the curves for values.');
      image.addEventListener('pointermove', (event) => {
        const edge = image.getBoundingClientRect(), x = ((event.clientX - edge.left) / edge.width * width - left) / (width - left - 10) * last;
        value.textContent = chosen.map((name) => {
          const [at, y] = series[name].reduce((a, b) => Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a);
          return `step ${at}: ${name} ${y.toPrecision(4)}`;
        }).join(' · ');
      });
      box.replaceChildren(make('h3', null, `Losses of ${title}`), image, make('div', {class: 'stages'}, names.map((name, index) => make('button', {
        'aria-pressed': String(on.has(name)), onclick: () => { if (on.has(name) && on.size > 1) on.delete(name); else on.add(name); show(); }},
      make('i', {class: 'swatch', style: {background: COLORS[index % COLORS.length]}}), name))), value);
    };
    show();
    return box;
  };
  const showRun = () => {
    const box = byId('run'), most = Math.max(1e-9, ...run.costs.map((cost) => cost.seconds)), peak = Math.max(1e-9, ...run.costs.map((cost) => cost.memory));
    if (run.scores) {
      const columns = [['J top', 'J_top'], ['F top', 'F_top'], ['J track', 'J_track'], ['F track', 'F_track'], ['J best', 'J_best'], ['frame AP50', 'frame_AP50'],
        ['frame AR10', 'frame_AR10'], ['video AP50', 'video_AP50'], ['video AR10', 'video_AR10']];
      box.append(make('h3', null, 'Against the ground truth, in percent'), table(['stage', 'videos', ...columns.map(([title]) => title)],
        Object.entries(run.scores.stages).map(([stage, row]) => [TITLES[stage] || stage, String(row.videos), ...columns.map(([, key]) => percent(row[key]))])));
    }
    if (run.costs.length) box.append(make('h3', null, 'Time and memory of the stages'), table(['stage', 'time', 'peak memory', 'done'], run.costs.map((cost) => [
      cost.stage, make('span', null, meter(cost.seconds / most), duration(cost.seconds)), make('span', null, meter(cost.memory / peak), memory(cost.memory)),
      cost.items ? `${cost.done} of ${cost.items}` : String(cost.done)])));
    const curves = Object.entries(run.losses);
    if (curves.length) box.append(make('div', {class: 'charts'}, curves.map(([stage, series]) => chart(stage, series))));
    if (!run.costs.length && !curves.length) box.append(make('p', {class: 'quiet'}, 'Nothing has been finished yet.'));
  };

  // ---- theme and keys
  const THEMES = ['system', 'light', 'dark'];
  const setTheme = (theme) => {
    if (theme === 'system') delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
    byId('theme').textContent = `Theme: ${theme}`;
    try { localStorage.setItem('s2d-theme', theme); } catch { /* not allowed for files in some browsers */ }
  };
  const nextTheme = () => setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme || 'system') + 1) % 3]);
  let theme = 'system';
  try { theme = localStorage.getItem('s2d-theme') || 'system'; } catch { /* likewise */ }
  setTheme(THEMES.includes(theme) ? theme : 'system');
  byId('theme').addEventListener('click', nextTheme);
  byId('help-button').addEventListener('click', () => byId('help').showModal());
  const play = () => { const {player: video} = now; if (video) { if (video.paused) video.play().catch(() => {}); else video.pause(); } };
  const choose = (stage) => {
    if (!now.data) return;
    if (byId('large').open) { if (stage !== 'all' && available().includes(stage)) enlarge(stage); } else { now.stage = stage; showPictures(); }
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || byId('help').open) return;
    const field = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (field) { if (event.key === 'Escape') { event.preventDefault(); event.target.blur(); } return; }
    const large = byId('large').open, move = event.key === 'ArrowLeft' ? -1 : 1;
    const keys = {j: () => step(1), k: () => step(-1), ' ': play, '[': () => choosePicture(now.picture - 1), ']': () => choosePicture(now.picture + 1),
      ArrowLeft: () => large ? choosePicture(now.picture + move) : setFrame(now.frame + move * (event.shiftKey ? 10 : 1), true),
      e: () => enlarge(now.stage === 'all' ? available().at(-1) : now.stage), '/': () => byId('filter').focus(), t: nextTheme,
      '?': () => byId('help').showModal(), 0: () => choose('all')};
    keys.ArrowRight = keys.ArrowLeft;
    STAGES.forEach((stage, index) => { keys[index + 1] = () => choose(stage); });
    const focused = event.target instanceof HTMLButtonElement || event.target instanceof HTMLVideoElement;
    if (!keys[event.key] || (event.key === ' ' && focused)) return;
    if (large && ['j', 'k', ' '].includes(event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });

  showOverview();
  byId('state').append(...['all', ...STATES, 'low'].map((state) => make('option', {value: state},
    {all: 'all states', low: 'with instances of low quality'}[state] || state)));
  byId('filter').addEventListener('input', showList);
  byId('state').addEventListener('change', showList);
  showList();
  showRun();
  if (videos.length) open(videos[0]); else byId('detail').append(make('p', {class: 'quiet'}, 'No video has been read yet.'));
})();
