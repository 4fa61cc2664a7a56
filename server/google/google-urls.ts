/** The URLs of Google's endpoints. */
export type GoogleUrls = {
  /** The page where a person grants access. */
  authorize: string
  token: string
  searchConsole: string
}

export const GOOGLE_URLS: GoogleUrls = {
  authorize: 'https://accounts.google.com/o/oauth2/v2/auth',
  token: 'https://oauth2.googleapis.com/token',
  searchConsole: 'https://www.googleapis.com/webmasters/v3',
}

/** The same endpoints at a server that imitates Google. */
export function googleUrlsAt(base: string): GoogleUrls {
  return {
    authorize: `${base}/o/oauth2/v2/auth`,
    token: `${base}/token`,
    searchConsole: `${base}/webmasters/v3`,
  }
}
