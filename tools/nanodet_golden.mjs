// Writes tests/data/nanodet_golden.json: what TensorFlow.js itself computes with the NanoDet graph on an input made by a formula.
// Run by hand when the graph's pin changes (TensorFlow.js isn't a dependency of the project):
//   mkdir /tmp/golden && cd /tmp/golden && npm install --ignore-scripts @tensorflow/tfjs && cp <source>/tools/nanodet_golden.mjs .
//   node nanodet_golden.mjs <source>/build/deps/nanodet/nanodet.json <source>/tests/data/nanodet_golden.json
import fs from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';

const [graphPath, goldenPath] = process.argv.slice(2);
const graph = JSON.parse(fs.readFileSync(graphPath));
const [group] = graph.weightsManifest;
const weights = Buffer.concat(group.paths.map((file) => fs.readFileSync(path.join(path.dirname(graphPath), file))));
const weightData = weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength);
await tf.setBackend('cpu');
const model = await tf.loadGraphModel({ load: async () => ({ ...graph, weightSpecs: group.weights, weightData }) });

// The formula stands again in tests/conformance/default_model: integers first, so that both make the same floats.
const size = 416;
const image = new Float32Array(3 * size * size);
for (let c = 0, i = 0; c < 3; c++)
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++, i++) image[i] = ((3 * x * x + 5 * y * y + 2 * x * y + 37 * c) % 511) / 255 - 1;

const names = { Identity: 'scores_8', Identity_1: 'scores_16', Identity_2: 'scores_32',
                Identity_3: 'distances_8', Identity_4: 'distances_16', Identity_5: 'distances_32' };
const results = model.execute({ input_1: tf.tensor(image, [1, 3, size, size]) }, Object.keys(names));
const outputs = Object.values(names).map((name, k) => {
  const values = results[k].dataSync();
  const picks = [values.indexOf(values.reduce((a, b) => Math.max(a, b)))];  // the largest, then 15 spread over the tensor
  for (let i = 0; i < 15; i++) picks.push(Math.floor(((i + 0.37) * values.length) / 15));
  return { name, shape: results[k].shape, sum: values.reduce((a, b) => a + b, 0),
           sum_of_squares: values.reduce((a, b) => a + b * b, 0), values: picks.map((at) => [at, values[at]]) };
});
const lines = outputs.map((output) => JSON.stringify(output)).join(',\n  ');
fs.writeFileSync(goldenPath, `{"tensorflow_js": "${tf.version.tfjs}", "outputs": [\n  ${lines}\n]}\n`);
