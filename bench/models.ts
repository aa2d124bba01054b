/** @file The networks of the benchmark. */

import type { Tensor } from "typetorch";
import * as torch from "typetorch";

const { nn } = torch;
const F = nn.functional;

/** The quickstart's network. */
export const mlp = () =>
  new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, 512),
    new nn.ReLU(),
    new nn.Linear(512, 512),
    new nn.ReLU(),
    new nn.Linear(512, 10),
  );

/** LeNet-5 on pictures of [3, 32, 32]. */
export const lenet = () =>
  new nn.Sequential(
    new nn.Conv2d(3, 6, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );

/** What an LSTM says at the end of a sequence. */
export class LastOfLSTM extends nn.Module {
  rnn = new nn.LSTM(64, 128, { batchFirst: true });
  out = new nn.Linear(128, 10);

  forward(x: Tensor): Tensor {
    const [output] = this.rnn(x);
    return this.out(output.at(":", -1));
  }
}

export const transformer = () =>
  new nn.TransformerEncoder(new nn.TransformerEncoderLayer(256, 4, 1024, { dropout: 0, batchFirst: true }), 4);

const conv3x3 = (from: number, to: number, stride: number) =>
  new nn.Conv2d(from, to, 3, { stride, padding: 1, bias: false });

class BasicBlock extends nn.Module {
  conv1: torch.nn.Conv2d;
  bn1: torch.nn.BatchNorm2d;
  conv2: torch.nn.Conv2d;
  bn2: torch.nn.BatchNorm2d;
  downsample: torch.nn.Sequential | null;

  constructor(from: number, to: number, stride: number) {
    super();
    this.conv1 = conv3x3(from, to, stride);
    this.bn1 = new nn.BatchNorm2d(to);
    this.conv2 = conv3x3(to, to, 1);
    this.bn2 = new nn.BatchNorm2d(to);
    this.downsample =
      from === to && stride === 1
        ? null
        : new nn.Sequential(new nn.Conv2d(from, to, 1, { stride, bias: false }), new nn.BatchNorm2d(to));
  }

  forward(x: Tensor): Tensor {
    const y = F.relu(this.bn1(this.conv1(x)), { inplace: true });
    return F.relu(this.bn2(this.conv2(y)).add_(this.downsample === null ? x : this.downsample(x)), { inplace: true });
  }
}

/** @see He et al. 2015, arXiv:1512.03385 */
export const resnet18 = () =>
  new nn.Sequential(
    new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false }),
    new nn.BatchNorm2d(64),
    new nn.ReLU({ inplace: true }),
    new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    new BasicBlock(64, 64, 1),
    new BasicBlock(64, 64, 1),
    new BasicBlock(64, 128, 2),
    new BasicBlock(128, 128, 1),
    new BasicBlock(128, 256, 2),
    new BasicBlock(256, 256, 1),
    new BasicBlock(256, 512, 2),
    new BasicBlock(512, 512, 1),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(512, 1000),
  );
