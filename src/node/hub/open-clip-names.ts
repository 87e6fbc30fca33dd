/** Models that open_clip calls by a name of its own, and the repository of the Hub that holds each. */
const repositories: readonly (readonly [name: string, repository: string])[] = [
  ['EVA02-B-16', 'timm/eva02_base_patch16_clip_224.merged2b_s8b_b131k'],
  ['EVA02-L-14', 'timm/eva02_large_patch14_clip_224.merged2b_s4b_b131k'],
  ['EVA02-L-14-336', 'timm/eva02_large_patch14_clip_336.merged2b_s6b_b61k'],
]

/** Names of open_clip that mean a repository. */
export const openClipNames: readonly string[] = repositories.map(([name]) => name)

/** The repositories that they mean. */
export const openClipRepositories: readonly string[] = repositories.map(([, repository]) => repository)

/** The repository of a name of open_clip's; upper and lower case are the same, and `/` may stand for `-`. */
export function openClipRepository(name: string): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll('/', '-')
  return repositories.find(([known]) => plain(known) === plain(name))?.[1]
}
