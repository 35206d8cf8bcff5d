// The original face-api (TensorFlow.js on the processor) on the labelled pictures, for comparison with our run of the
// same expression network on the boxes of MediaPipe (`cargo test --release -p interview-pipeline --test vision labels`).
//
//   npm install @vladmandic/face-api@1.7.15 @tensorflow/tfjs@4.22.0 jpeg-js@0.4.4
//   node face_api_expression.mjs FOLDER_WITH_PICTURES
//
// Prints the top expression per picture for the large (SSD MobileNet) and the small (Tiny YOLO) face detector.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(join(process.cwd(), 'node_modules', 'x.js'));
const jpeg = require('jpeg-js');
// The build for Node asks for the WebAssembly backend; the plain processor backend of TensorFlow.js stands in for it.
const Module = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => resolve(name === '@tensorflow/tfjs-backend-wasm' ? '@tensorflow/tfjs' : name, ...rest);
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
const models = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');

const LABELS = {
  'face_angry.jpg': 'angry', 'face_disgusted.jpg': 'disgusted', 'face_fearful.jpg': 'fearful', 'face_happy.jpg': 'happy',
  'face_neutral.jpg': 'neutral', 'face_sad.jpg': 'sad', 'face_surprised.jpg': 'surprised',
  'face_happy_justin.jpg': 'happy', 'face_happy_single.jpg': 'happy',
};

// Weights from disk: the manifest names tensors, types and quantisation of one binary file.
async function load(net, name) {
  const manifest = JSON.parse(readFileSync(join(models, `${name}-weights_manifest.json`)));
  const weights = {};
  for (const group of manifest) {
    const bytes = Buffer.concat(group.paths.map((path) => readFileSync(join(models, path))));
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    Object.assign(weights, faceapi.tf.io.decodeWeights(buffer, group.weights));
  }
  net.loadFromWeightMap(weights);
}

await faceapi.tf.setBackend('cpu');
await faceapi.tf.ready();
await load(faceapi.nets.ssdMobilenetv1, 'ssd_mobilenetv1_model');
await load(faceapi.nets.tinyFaceDetector, 'tiny_face_detector_model');
await load(faceapi.nets.faceLandmark68Net, 'face_landmark_68_model');
await load(faceapi.nets.faceExpressionNet, 'face_expression_model');

const detectors = {
  large: new faceapi.SsdMobilenetv1Options({ minConfidence: 0.3 }),
  small: new faceapi.TinyFaceDetectorOptions({ inputSize: 416, scoreThreshold: 0.3 }),
};
const right = { large: 0, small: 0 };
const folder = process.argv[2];
for (const [file, label] of Object.entries(LABELS)) {
  const { width, height, data } = jpeg.decode(readFileSync(join(folder, file)), { useTArray: true, formatAsRGBA: false });
  const picture = faceapi.tf.tensor3d(data, [height, width, 3], 'int32');
  const found = {};
  for (const [name, options] of Object.entries(detectors)) {
    const face = await faceapi.detectSingleFace(picture, options).withFaceLandmarks().withFaceExpressions();
    found[name] = face ? face.expressions.asSortedArray()[0].expression : 'no face';
    right[name] += found[name] === label;
  }
  console.log(`${file}: labelled ${label}, large ${found.large}, small ${found.small}`);
  picture.dispose();
}
console.log(`right of ${Object.keys(LABELS).length}: large ${right.large}, small ${right.small}`);
