import { compileComplete } from './complete.ts';
import { type PlainTest, plainTest } from './complete-leaf.ts';
import { completePromised, settled } from './complete-promised.ts';
import { settleError } from './position.ts';
import { compileRead, propertyOf } from './read-field.ts';
import type { Frame } from './frame.ts';
import type { Complete, Select, Site } from './site.ts';
import { isObjectOrFunction, isPromiseLike } from './values.ts';

/** A field of a selection. */
export interface CompiledField {
  /** The value of the field in the response, for a source. Throws only where the field must not be null. */
  readonly select: Select;
  /** Set for a field that is a property of its source, for who selects many to read it by itself. */
  readonly property: CompiledProperty | null;
}

/** Most fields of most operations: a property, with luck already what it is to be. */
export interface CompiledProperty {
  readonly name: string;
  /** Whether a value is to be taken as it is. */
  readonly isPlain: PlainTest;
  readonly isRequired: boolean;
  /** What `select` makes of any other value that was read of an object. */
  readonly finish: (value: unknown, source: PropertySource, frame: Frame) => unknown;
  /** What `select` makes of an error in reading. */
  readonly fail: (error: unknown, frame: Frame) => null;
}

export type PropertySource = Readonly<Record<PropertyKey, unknown>>;

export function compileField(site: Site): CompiledField {
  const { field, parentType } = site;
  if (field.name === '__typename') return { select: () => parentType.name, property: null };
  const name = propertyOf(site);
  if (name === null) return { select: compileResolved(site), property: null };
  const property = compileProperty(site, name);
  return { select: selectProperty(site, property), property };
}

function compileResolved(site: Site): Select {
  const { resolve } = compileRead(site);
  const finish = compileFinish(site);
  return (source, frame) => {
    try {
      return finish(resolve(source, frame), frame);
    } catch (error) {
      return settleError(error, site, frame);
    }
  };
}

/** What few values need is compiled when it is needed. */
function compileProperty(site: Site, name: string): CompiledProperty {
  let rest: ReturnType<typeof compileRest> | null = null;
  return {
    name,
    isPlain: plainTest(site.field.type),
    isRequired: site.isRequired,
    finish(value, source, frame) {
      try {
        rest ??= compileRest(site);
        return rest.finish(typeof value === 'function' ? rest.callMethod(source, value, frame) : value, frame);
      } catch (error) {
        return settleError(error, site, frame);
      }
    },
    fail: (error, frame) => settleError(error, site, frame),
  };
}

function compileRest(site: Site) {
  return { callMethod: compileRead(site).callMethod, finish: compileFinish(site) };
}

function selectProperty(site: Site, { name, finish, fail }: CompiledProperty): Select {
  let resolved: Select | null = null;
  return (source, frame) => {
    if (!isObjectOrFunction(source)) {
      resolved ??= compileResolved(site);
      return resolved(source, frame);
    }
    let value: unknown;
    try {
      value = source[name];
    } catch (error) {
      return fail(error, frame);
    }
    return finish(value, source, frame);
  };
}

function compileFinish(site: Site): Complete {
  const complete = compileComplete(site, site.field.type, site);
  return (value, frame) => {
    if (isPromiseLike(value)) return completePromised(value, complete, site, frame);
    const completed = complete(value, frame);
    return completed instanceof Promise ? settled(completed, site, frame) : completed;
  };
}
