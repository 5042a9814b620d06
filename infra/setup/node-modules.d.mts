export function seeToModules(root: string, say: (text: string) => void): Promise<void>;
