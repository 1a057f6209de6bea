// Layers in a list whose places are their names, as torch.nn.Sequential names them: the parameters of the third
// layer of `model` begin with `model.2.`. Also a model whose parameters all get a prefix.

import type { Model, ParamValues } from './model.ts'
import type { Pass } from './pass.ts'

/** A model made of layers whose results can be looked at one by one. */
export interface Stack extends Model {
  /** `layers[i]` has the parameters `<name>.<i>.*`. */
  readonly layers: readonly Model[]
}

/** Makes a layer for the name that its place gives it; a layer without parameters needs no name. */
export type LayerMaker = Model | ((name: string) => Model)

/** Layers one after the other, the i-th named `<name>.<i>`. */
export function stackLayers(name: string, makers: readonly LayerMaker[]): Stack {
  const layers = makers.map((maker, i) => (typeof maker === 'function' ? maker(`${name}.${i}`) : maker))
  return {
    layers,
    params: Object.assign({}, ...layers.map(({ params }) => params)),
    apply: (values, x, pass) => layers.reduce((result, layer) => layer.apply(values, result, pass), x),
  }
}

/** The same model with every parameter `p` named `<prefix>.<p>`, so that several models share one state. */
export function prefixModel(prefix: string, model: Model): Model {
  const outer = (name: string) => `${prefix}.${name}`
  return {
    params: Object.fromEntries(Object.entries(model.params).map(([name, spec]) => [outer(name), spec])),
    apply(values, x, pass) {
      const inner: ParamValues = Object.fromEntries(
        Object.keys(model.params).map((name) => [name, values[outer(name)]]),
      )
      return model.apply(inner, x, prefixPass(outer, pass))
    },
  }
}

function prefixPass(outer: (name: string) => string, pass: Pass): Pass {
  return {
    training: pass.training,
    mask: (shape, keep) => pass.mask(shape, keep),
    update: (name, value) => pass.update(outer(name), value),
    momentsOf: pass.momentsOf && ((name, x) => pass.momentsOf!(outer(name), x)),
  }
}
