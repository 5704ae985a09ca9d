const times = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

/**
 * Documents of the largest allowed size. Each aims at a validation rule that compares everything with everything.
 * `npm run bench -- attacks` measures the cost of each.
 */
export const DOCUMENT_BOMBS: Readonly<Record<string, string>> = {
  'the same fields, 30 times each': `{tasks{edges{node{${times(30, () => 'id status createdAt updatedAt externalId klingTaskId unitsDeducted __typename')}}}}}`,
  'the same fields with selections': `{account{${times(30, () => 'presetVoices{page} voiceTasks{page} lipSyncTasks{page}')}}}`,
  'fields that are merged on two levels': `{${times(19, () => 'account{presetVoices{items{id name ownerId trialUrl}}}')}}`,
  'fields with arguments to compare': `{account{${times(30, () => 'presetVoices(page:1,pageSize:2){page pageSize klingRequestId __typename}')}}}`,
  'fields with large arguments': `{${times(19, () => `tasks(status:[${'QUEUED '.repeat(60)}]){edges{cursor}}`)}}`,
  'inline fragments': `{account{${times(30, () => '...on Account{presetVoices{page} ...on Account{voiceTasks{page}}}')}}}`,
  'fragments, all compared with all': `{account{${times(110, (i) => `...f${i}`)}}} ${times(110, (i) => `fragment f${i} on Account{x${i}{y}}`)}`,
  'fragments, each with the fields of the others': `{account{${times(28, (i) => `...f${i}`)}}} ${times(28, (i) => `fragment f${i} on Account{presetVoices{page} voiceTasks{page} lipSyncTasks{page}}`)}`,
  'a chain of fragments': `{account{...f0}} ${times(190, (i) => `fragment f${i} on Account{...f${i + 1}}`)} fragment f190 on Account{__typename}`,
  'a chain of fragments, spread 30 times': `{account{${times(30, () => '...f0')}}} ${times(150, (i) => `fragment f${i} on Account{...f${i + 1}}`)} fragment f150 on Account{x}`,
  'fragments in a net': `{account{...f0}} ${times(4, (i) => `fragment f${i} on Account{...f${i + 1} ...f${i + 1}}`)} fragment f4 on Account{a}`,
  'fragments in circles': `{account{...f0}} ${times(100, (i) => `fragment f${i} on Account{...f${(i + 1) % 100} ...f${(i + 37) % 100}}`)}`,
  'unused fragments': `{__typename} ${times(180, (i) => `fragment f${i} on Account{presetVoices{page}}`)}`,
  'operations that share fragments': `${times(10, (i) => `query q${i}{...f0}`)} ${times(200, (i) => `fragment f${i} on Query{...f${i + 1}}`)} fragment f200 on Query{__typename}`,
  'variables in many fields': `query(${times(150, (i) => `$v${i}:Int`)}){account{${times(30, (i) => `presetVoices(page:$v${i},pageSize:$v${i + 30}){page} voiceTasks(page:$v${i + 60}){page}`)}}}`,
  'unused variables': `query(${times(480, (i) => `$v${i}:Int`)}){__typename}`,
  'unknown fields': `{account{${times(490, (i) => `f${i}`)}}}`,
  'unknown arguments': `{tasks(${times(480, (i) => `a${i}:1`)}){edges{cursor}}}`,
  'an input object with 480 unknown fields': `mutation{createVoice(input:{${times(480, (i) => `a${i}:1`)}}){task{id}}}`,
  'lists in lists': `{nodes(ids:${'['.repeat(190)}${']'.repeat(190)}){id}}`,
};
