export function ensureOtherPhps(): Promise<string>
