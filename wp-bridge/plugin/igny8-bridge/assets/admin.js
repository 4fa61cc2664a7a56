/* Refreshes the list of articles while something is being done to one of them. */
;(() => {
  const EVERY_MS = 4000
  async function refresh() {
    const list = document.getElementById('igny8-tasks')
    if (!list || !('busy' in list.dataset)) {
      return
    }
    // A button that has the focus is not taken away from under it.
    if (!document.hidden && !list.contains(document.activeElement)) {
      try {
        // biome-ignore lint/style/noRestrictedGlobals: of the browser that this runs in
        const answer = await fetch(window.location.href)
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
        const fresh = page.getElementById('igny8-tasks')
        if (fresh) {
          list.replaceWith(fresh)
        }
      } catch (error) {
        window.console.warn('igny8: the list could not be refreshed.', error)
      }
    }
    window.setTimeout(refresh, EVERY_MS)
  }
  window.setTimeout(refresh, EVERY_MS)
})()
