import type { Metadata } from 'sharp'

/** XMP that a picture carries when what matters is in its middle: it is then cropped around that. */
export const CENTRED = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
  xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
  xmlns:igny8="urn:igny8" igny8:focus="centre"/></rdf:RDF></x:xmpmeta>`

export function isCentred({ xmp }: Metadata): boolean {
  return xmp?.includes('igny8:focus="centre"') ?? false
}
