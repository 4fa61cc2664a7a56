import type { Metadata } from 'sharp'

/** XMP metadata of an image whose subject is in the centre: it is cropped around the centre. */
export const CENTRED = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
  xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
  xmlns:igny8="urn:igny8" igny8:focus="centre"/></rdf:RDF></x:xmpmeta>`

export function isCentred({ xmp }: Metadata): boolean {
  return xmp?.includes('igny8:focus="centre"') ?? false
}
