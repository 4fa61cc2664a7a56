/** The contract's prices, in credits, whatever the provider. */
const KEYWORDS_PER_CREDIT = 30
export const ARTICLE_PRICE = 3
export const IMAGE_PRICE = 1
export const IDEA_PRICE = 1

/** 1 credit per 30 keywords begun. */
export function clusteringPrice(keywords: number): number {
  return Math.ceil(keywords / KEYWORDS_PER_CREDIT)
}
