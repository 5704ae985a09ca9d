const times = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

/**
 * Documents of the largest allowed size. Each aims at a validation rule that compares everything with everything.
 * `npm run bench -- attacks` measures the cost of each.
 */
export const DOCUMENT_BOMBS: Readonly<Record<string, string>> = {
  'the same fields, 30 times each': `{tasks{edges{node{${times(30, () => 'id status createdAt updatedAt externalId expiresAt unitsCharged __typename')}}}}}`,
  'the same fields with selections': `{operator{${times(30, () => 'klingTasks(list:LIP_SYNCS){page} klingTask(list:LIP_SYNCS,klingTaskId:"1"){klingStatus} resourcePacks{name}')}}}`,
  'fields that are merged on two levels': `{${times(19, () => 'operator{klingTasks(list:LIP_SYNCS){items{klingTaskId klingStatus unitsDeducted klingCreatedAt}}}')}}`,
  'fields with arguments to compare': `{operator{${times(30, () => 'klingTasks(list:LIP_SYNCS,page:1,pageSize:2){page pageSize klingRequestId __typename}')}}}`,
  'fields with large arguments': `{${times(19, () => `tasks(filter:{status:[${'QUEUED '.repeat(60)}]}){edges{cursor}}`)}}`,
  'inline fragments': `{operator{${times(30, () => '...on OperatorQuery{klingTasks(list:LIP_SYNCS){page} ...on OperatorQuery{resourcePacks{name}}}')}}}`,
  'fragments, all compared with all': `{operator{${times(110, (i) => `...f${i}`)}}} ${times(110, (i) => `fragment f${i} on OperatorQuery{x${i}{y}}`)}`,
  'fragments, each with the fields of the others': `{operator{${times(28, (i) => `...f${i}`)}}} ${times(28, (i) => `fragment f${i} on OperatorQuery{klingTasks(list:LIP_SYNCS){page} klingTask(list:LIP_SYNCS,klingTaskId:"1"){klingStatus} resourcePacks{name}}`)}`,
  'a chain of fragments': `{operator{...f0}} ${times(190, (i) => `fragment f${i} on OperatorQuery{...f${i + 1}}`)} fragment f190 on OperatorQuery{__typename}`,
  'a chain of fragments, spread 30 times': `{operator{${times(30, () => '...f0')}}} ${times(150, (i) => `fragment f${i} on OperatorQuery{...f${i + 1}}`)} fragment f150 on OperatorQuery{x}`,
  'fragments in a net': `{operator{...f0}} ${times(4, (i) => `fragment f${i} on OperatorQuery{...f${i + 1} ...f${i + 1}}`)} fragment f4 on OperatorQuery{a}`,
  'fragments in circles': `{operator{...f0}} ${times(100, (i) => `fragment f${i} on OperatorQuery{...f${(i + 1) % 100} ...f${(i + 37) % 100}}`)}`,
  'unused fragments': `{__typename} ${times(180, (i) => `fragment f${i} on OperatorQuery{resourcePacks{name}}`)}`,
  'operations that share fragments': `${times(10, (i) => `query q${i}{...f0}`)} ${times(200, (i) => `fragment f${i} on Query{...f${i + 1}}`)} fragment f200 on Query{__typename}`,
  'variables in many fields': `query(${times(150, (i) => `$v${i}:Int!`)}){operator{${times(30, (i) => `klingTasks(list:LIP_SYNCS,page:$v${i},pageSize:$v${i + 30}){page} resourcePacks(days:$v${i + 60}){name}`)}}}`,
  'unused variables': `query(${times(480, (i) => `$v${i}:Int`)}){__typename}`,
  'unknown fields': `{operator{${times(490, (i) => `f${i}`)}}}`,
  'unknown arguments': `{tasks(${times(480, (i) => `a${i}:1`)}){edges{cursor}}}`,
  'an input object with 480 unknown fields': `mutation{createVoiceTask(input:{${times(480, (i) => `a${i}:1`)}}){... on VoiceTask {id} ... on Failure { code message }}}`,
  'lists in lists': `{nodes(ids:${'['.repeat(190)}${']'.repeat(190)}){id}}`,
};
