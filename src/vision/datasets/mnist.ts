/** @file MNIST and the data sets that took over its form: 28 × 28 grey pictures of ten classes. */
import { join } from "node:path";
import { describe, ValueError } from "../../core/errors.ts";
import { bind, type Call } from "../../ops/bind.ts";
import type { Image } from "../image.ts";
import { type DownloadPlan, downloadLater, downloadNow, type Resource } from "./download.ts";
import { DatasetError } from "./error.ts";
import { GreyImages, type Labelled } from "./grey-images.ts";
import { readIdx } from "./idx.ts";
import { folderOf, type TransformOf } from "./vision-dataset.ts";

export interface MNISTOptions<X, Y> {
  /** The folder in which `MNIST/raw/train-images-idx3-ubyte.gz` and the other files are, or are put. */
  root?: string | URL;
  /** The training set; the test set if false. */
  train?: boolean;
  /** What is done to a picture before it is given out. */
  transform?: TransformOf<Image, X> | null;
  targetTransform?: TransformOf<number, Y> | null;
  /** Whether files that are not there are fetched. */
  download?: boolean;
}

type Positional<X, Y> = [
  root: string | URL,
  train: boolean,
  transform: TransformOf<Image, X> | null,
  targetTransform: TransformOf<number, Y> | null,
  download: boolean,
];

const NAMES = ["root", "train", "transform", "targetTransform", "download"] as const;

/**
 * Handwritten digits: 60,000 pictures to train with, 10,000 to test. torchvision: `datasets.MNIST`.
 *
 * Files are laid out as torchvision does (`root/MNIST/raw`), and read packed or unpacked, so one folder serves both. With `download`,
 * those that are not there are fetched before the constructor returns; where that must not block, `await MNIST.download(root)` first.
 *
 * @param args - `root`, `train` (true), `transform`, `targetTransform`, `download` (false)
 * @throws DatasetError if a file is missing, truncated, corrupt, or cannot be downloaded
 * @see LeCun, Cortes & Burges, http://yann.lecun.com/exdb/mnist/
 * @example
 * const data = new datasets.MNIST({ root: "data", download: true, transform: new transforms.ToTensor() });
 * const [image, digit] = data.at(0);
 */
export class MNIST<X = Image, Y = number> extends GreyImages<X, Y> {
  static override readonly printedName: string = "MNIST";
  static readonly mirrors: readonly string[] = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
  ];
  static readonly resources: readonly Resource[] = resources([
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "d53e105ee54ea40749a09fcbcd1e9432",
    "9fb629c4189551a2d022fa330f9573f3",
    "ec29112dd5afa0611ce80d1b7f02629c",
  ]);
  static override readonly classes: readonly string[] = [
    "0 - zero",
    "1 - one",
    "2 - two",
    "3 - three",
    "4 - four",
    "5 - five",
    "6 - six",
    "7 - seven",
    "8 - eight",
    "9 - nine",
  ];

  constructor(...args: Call<Positional<X, Y>, MNISTOptions<X, Y>>) {
    const type = new.target;
    const o = bind<MNISTOptions<X, Y>>(type.printedName, NAMES, args);
    const { root, train = true, transform = null, targetTransform = null, download = false } = o;
    if (typeof root !== "string" && !(root instanceof URL))
      throw new ValueError(`${type.printedName}: expected a folder as root, got ${describe(root)}`);
    if (download) downloadNow(planOf(type, root));
    super(root, train, transform, targetTransform, read(type, root, train));
  }

  /**
   * Fetches the files that are not there, for programs that must not block: afterwards the constructor finds them.
   * @throws DatasetError if no mirror gives a file with the right md5
   */
  static download(root: string | URL): Promise<void> {
    // biome-ignore lint/complexity/noThisInStatic: the subclass's files are meant
    return downloadLater(planOf(this, root));
  }
}

function rawFolder({ printedName }: typeof MNIST, root: string | URL): string {
  return join(folderOf(root), printedName, "raw");
}

function planOf(type: typeof MNIST, root: string | URL): DownloadPlan {
  const { printedName, resources, mirrors } = type;
  return { op: printedName, folder: rawFolder(type, root), resources, mirrors };
}

function read(type: typeof MNIST, root: string | URL, train: boolean): Labelled {
  const { printedName: op, classes } = type;
  const prefix = join(rawFolder(type, root), train ? "train" : "t10k");
  const corrupt = (what: string) => new DatasetError("corrupt", `${op}: ${prefix}-…: ${what}`);
  const images = readIdx(op, `${prefix}-images-idx3-ubyte`, 3);
  const { data: labels } = readIdx(op, `${prefix}-labels-idx1-ubyte`, 1);
  if (labels.length !== images.shape[0])
    throw corrupt(`expected a label for each image, got ${images.shape[0]} images and ${labels.length} labels`);
  const wrong = labels.find((label) => label >= classes.length);
  if (wrong !== undefined) throw corrupt(`expected labels from 0 to ${classes.length - 1}, got ${wrong}`);
  return { images, labels };
}

function resources(sums: readonly [string, string, string, string]): readonly Resource[] {
  const names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
  return names.map((name, i) => ({ filename: `${name}-ubyte.gz`, md5: sums[i] as string }));
}

/**
 * Pictures of ten kinds of clothes, in the form of MNIST. torchvision: `datasets.FashionMNIST`.
 * @see Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747
 * @example
 * const data = new datasets.FashionMNIST({ root: "data", train: true, download: true, transform: new transforms.ToTensor() });
 */
export class FashionMNIST<X = Image, Y = number> extends MNIST<X, Y> {
  static override readonly printedName = "FashionMNIST";
  static override readonly mirrors = [
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
  ];
  static override readonly resources = resources([
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
  ]);
  static override readonly classes = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
  ];
}

/**
 * Handwritten hiragana of ten classes, in the form of MNIST. torchvision: `datasets.KMNIST`.
 * @see Clanuwat et al. 2018, arXiv:1812.01718
 */
export class KMNIST<X = Image, Y = number> extends MNIST<X, Y> {
  static override readonly printedName = "KMNIST";
  static override readonly mirrors = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"];
  static override readonly resources = resources([
    "bdb82020997e1d708af4cf47b453dcf7",
    "e144d726b3acfaa3e44228e80efcd344",
    "5c965bf0a639b31b8f53240b1b52f4d7",
    "7320c461ea6c1c855c0b718fb2a4b134",
  ]);
  static override readonly classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"];
}
