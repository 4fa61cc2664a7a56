/* Refreshes the list of articles while igny8 is working on one of them. */
;(() => {
  const EVERY_MS = 4000
  async function refresh() {
    const list = document.getElementById('igny8-tasks')
    if (!list || !('busy' in list.dataset)) {
      return
    }
    // Replacing the list would make a focused button lose focus.
    if (!document.hidden && !list.contains(document.activeElement)) {
      try {
        // biome-ignore lint/style/noRestrictedGlobals: this file runs in the browser
        const answer = await fetch(window.location.href)
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
        const fresh = page.getElementById('igny8-tasks')
        if (fresh) {
          list.replaceWith(fresh)
        }
      } catch (error) {
        window.console.warn('igny8: could not refresh the list of articles.', error)
      }
    }
    window.setTimeout(refresh, EVERY_MS)
  }
  window.setTimeout(refresh, EVERY_MS)
})()
