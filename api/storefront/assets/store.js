// What the pages do beyond forms and links: results while typing, suggestions,
// the shopper's place, and an order's state as it comes. Without this file
// everything else works.
'use strict';

(() => {
  const form = document.getElementById('search');
  const field = document.getElementById('q');
  const page = document.getElementById('page');
  const said = document.getElementById('said');
  const onResults = () => document.querySelector('.filters, [data-failed]') !== null && location.pathname === '/';

  const say = (text) => { said.textContent = text; };

  const later = (wait, run) => {
    let timer;
    return (...args) => { clearTimeout(timer); timer = setTimeout(() => run(...args), wait); };
  };

  // --- Results ---

  // What the form asks for, without what is empty.
  const address = () => {
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value.trim() !== '') asked.append(name, value.trim());
    }
    return asked.size ? '/?' + asked : '/';
  };

  let running = new AbortController();

  // Shows the results of an address in place of what is there.
  const show = async (target, { remember = 'push', focus = false } = {}) => {
    running.abort();
    const mine = running = new AbortController();
    const here = location.pathname + location.search;
    if (remember === 'push' && target !== here) history.pushState(null, '', target);
    if (remember === 'replace') history.replaceState(null, '', target);
    page.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch('/results/' + new URL(target, location).search, { signal: mine.signal });
      const html = await answer.text();
      if (mine.signal.aborted) return;
      put(html);
      const summary = document.getElementById('summary');
      const heading = page.querySelector('h1');
      say(summary ? summary.textContent : heading.textContent);
      document.title = heading.textContent + ' – Aforro';
      if (focus) { scrollTo(0, 0); document.getElementById('main').focus(); }
    } catch (failure) {
      if (failure.name !== 'AbortError') location.assign(target);
    } finally {
      if (running === mine) page.removeAttribute('aria-busy');
    }
  };

  // Keeps the focus and what was unfolded.
  const put = (html) => {
    const active = document.activeElement && page.contains(document.activeElement) ? document.activeElement : null;
    const at = active && (active.id || active.getAttribute('href'));
    const fold = page.querySelector('.fold');
    page.innerHTML = html;
    ready();
    if (fold && page.querySelector('.fold')) page.querySelector('.fold').open = fold.open;
    if (!active) return;
    const again = active.id ? document.getElementById(at) : [...page.querySelectorAll('a')].find((a) => a.getAttribute('href') === at);
    if (again) {
      const hidden = again.closest('.more');
      if (hidden) hidden.open = true;
      again.focus({ preventScroll: true });
    }
  };

  // Filters take effect at once here, so nobody has to apply them, and on a narrow
  // window they begin folded.
  const ready = () => {
    for (const apply of page.querySelectorAll('.apply')) apply.hidden = true;
    const fold = page.querySelector('.fold');
    if (fold && matchMedia('(max-width: 48rem)').matches) fold.open = false;
  };

  const typed = later(150, () => {
    if (onResults()) show(address(), { remember: 'replace' });
  });

  // Puts into the head of the page what the address asks for.
  const recall = () => {
    const asked = new URLSearchParams(location.search);
    field.value = asked.get('q') || '';
    document.getElementById('store').value = asked.get('store_id') || '';
    around(asked.get('near') || '');
  };

  form.addEventListener('submit', (event) => {
    close();
    if (!onResults()) return;
    event.preventDefault();
    show(address(), { focus: true });
  });

  document.addEventListener('change', (event) => {
    const control = event.target;
    if (control.form !== form || control === field) return;
    if (control.id === 'store' && control.value) around('');
    if (onResults()) {
      show(address());
    } else if (control.id === 'store') {
      const here = new URL(location);
      if (!here.pathname.startsWith('/products/')) return;
      here.searchParams.delete('store_id');
      if (control.value) here.searchParams.set('store_id', control.value);
      location.assign(here);
    }
  });

  page.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="/?"], a[href="/"]');
    if (!link || !onResults() || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    show(link.getAttribute('href'), { focus: link.closest('.turns, .empty, .notice') !== null });
    recall();
  });

  addEventListener('popstate', () => {
    if (location.pathname !== '/') return;
    recall();
    show(location.href, { remember: 'no' });
  });

  // --- Suggestions ---

  const list = document.getElementById('suggestions');
  let chosen = -1;
  let asking = new AbortController();

  field.setAttribute('role', 'combobox');
  field.setAttribute('aria-controls', 'suggestions');
  field.setAttribute('aria-autocomplete', 'list');
  field.setAttribute('aria-expanded', 'false');

  const close = () => {
    asking.abort();
    list.hidden = true;
    chosen = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };

  const choose = (n) => {
    const items = [...list.children];
    chosen = (n + items.length + 1) % (items.length + 1);
    if (chosen === items.length) chosen = -1;
    items.forEach((item, i) => item.setAttribute('aria-selected', String(i === chosen)));
    if (chosen < 0) { field.removeAttribute('aria-activedescendant'); return; }
    field.setAttribute('aria-activedescendant', items[chosen].id);
    items[chosen].scrollIntoView({ block: 'nearest' });
  };

  const take = (item) => {
    field.value = item.dataset.text;
    close();
    form.requestSubmit();
  };

  const item = (text, n) => {
    const li = document.createElement('li');
    li.id = 'suggestion-' + n;
    li.setAttribute('role', 'option');
    li.setAttribute('aria-selected', 'false');
    li.dataset.text = text;
    li.textContent = text;
    return li;
  };

  const suggest = later(120, async () => {
    asking.abort();
    const mine = asking = new AbortController();
    const words = field.value.trim();
    if ([...words].length < 3) { close(); return; }
    const asked = new URLSearchParams({ q: words });
    const at = document.getElementById('store').value;
    if (at) asked.set('store_id', at);
    try {
      const answer = await fetch('/api/search/suggest/?' + asked, { signal: mine.signal });
      if (!answer.ok || mine.signal.aborted) return;
      const titles = await answer.json();
      if (mine.signal.aborted || document.activeElement !== field) return;
      list.replaceChildren(...titles.map(item));
      list.hidden = titles.length === 0;
      chosen = -1;
      field.removeAttribute('aria-activedescendant');
      field.setAttribute('aria-expanded', String(!list.hidden));
    } catch (failure) {
      close();
    }
  });

  field.addEventListener('input', () => { suggest(); typed(); });
  field.addEventListener('blur', close);
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !list.hidden) { event.preventDefault(); close(); return; }
    if (list.hidden) return;
    if (event.key === 'ArrowDown') { event.preventDefault(); choose(chosen + 1); }
    if (event.key === 'ArrowUp') { event.preventDefault(); choose(chosen < 0 ? list.children.length - 1 : chosen - 1); }
    if (event.key === 'Enter' && chosen >= 0) { event.preventDefault(); take(list.children[chosen]); }
  });
  list.addEventListener('pointerdown', (event) => {
    event.preventDefault(); // the field keeps the focus
    const one = event.target.closest('li');
    if (one) take(one);
  });

  // --- Near me ---

  const nearMe = document.getElementById('near-me');
  const near = document.getElementById('near');

  const around = (place) => {
    near.value = place;
    near.disabled = place === '';
    nearMe.setAttribute('aria-pressed', String(place !== ''));
  };

  const search = () => {
    if (onResults()) show(address()); else form.requestSubmit();
  };

  if (navigator.geolocation) nearMe.hidden = false;
  nearMe.addEventListener('click', () => {
    if (!near.disabled) { around(''); search(); return; }
    say('Looking where you are');
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      // Two decimals are about a kilometre: enough here, and no more is told.
      around(coords.latitude.toFixed(2) + ',' + coords.longitude.toFixed(2));
      document.getElementById('store').value = '';
      search();
    }, () => {
      say('Your place is not known. Choose a store instead.');
      document.getElementById('store').focus();
    }, { maximumAge: 600000, timeout: 10000 });
  });

  // --- Orders ---

  const follow = () => {
    const order = document.getElementById('order');
    if (!order || !order.dataset.events) return;
    const events = new EventSource(order.dataset.events);
    events.addEventListener('status', async (event) => {
      if (JSON.parse(event.data).status === order.dataset.status) return;
      events.close();
      try {
        const answer = await fetch(location.href);
        const now = new DOMParser().parseFromString(await answer.text(), 'text/html');
        const fresh = now.querySelector('#order[data-status]');
        order.replaceWith(document.adoptNode(fresh));
        document.title = now.title;
        say(fresh.querySelector('h1').textContent);
        follow();
      } catch (failure) {
        location.reload();
      }
    });
  };

  ready();
  follow();
  // A page that comes back from the browser's memory shows its own address.
  addEventListener('pageshow', (event) => { if (event.persisted && onResults()) recall(); });
})();
