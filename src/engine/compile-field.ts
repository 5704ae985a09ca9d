import { compileComplete } from './complete.ts';
import { plainTypeof } from './complete-leaf.ts';
import { completePromised, settled } from './complete-promised.ts';
import { settleError } from './position.ts';
import { compileRead, propertyOf } from './read-field.ts';
import type { Complete, Select, Site } from './site.ts';
import { isObjectOrFunction, isPromiseLike } from './values.ts';

/** The value of one field in the response, for a source. Throws only where the field must not be null. */
export function compileField(site: Site): Select {
  const { field, parentType } = site;
  if (field.name === '__typename') return () => parentType.name;
  const property = propertyOf(site);
  return property === null ? compileResolved(site) : compileProperty(site, property);
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

/** Most fields of most operations: a property, with luck already what it is to be. The rest is compiled when it is needed. */
function compileProperty(site: Site, property: string): Select {
  const { isRequired } = site;
  const plain = plainTypeof(site.field.type);
  let rest: ReturnType<typeof compileRest> | null = null;
  return (source, frame) => {
    try {
      if (isObjectOrFunction(source)) {
        const value = source[property];
        if (typeof value === plain) return value;
        if (value === null && !isRequired) return null;
        rest ??= compileRest(site);
        return rest.finish(typeof value === 'function' ? rest.callMethod(source, value, frame) : value, frame);
      }
      rest ??= compileRest(site);
      return rest.finish(rest.resolve(source, frame), frame);
    } catch (error) {
      return settleError(error, site, frame);
    }
  };
}

function compileRest(site: Site) {
  return { ...compileRead(site), finish: compileFinish(site) };
}

function compileFinish(site: Site): Complete {
  const complete = compileComplete(site, site.field.type, site);
  return (value, frame) => {
    if (isPromiseLike(value)) return completePromised(value, complete, site, frame);
    const completed = complete(value, frame);
    return completed instanceof Promise ? settled(completed, site, frame) : completed;
  };
}
