#!/usr/bin/env python3
"""The twin of examples/lenet.ts: the same network, data, seed and training, so the same losses.

    /usr/bin/python3 test/twins/lenet.py --root ../shared/data --steps 20 --log-every 1
"""
import argparse
import os

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
for name, default in dict(epochs=10, steps=10**9, seed=0, threads=0, log_every=50).items():
    parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
parser.add_argument("--root", default="data")
o = parser.parse_args()

if o.threads:
    torch.set_num_threads(o.threads)
torch.manual_seed(o.seed)

raw = bytearray(open(os.path.join(o.root, "cifar10", "data_batch_1_first4000.bin"), "rb").read())
records = torch.frombuffer(raw, dtype=torch.uint8).view(-1, 1 + 3 * 32 * 32)
images = records[:, 1:].reshape(-1, 3, 32, 32) / 127.5 - 1
labels = records[:, 0].long()
train_loader = DataLoader(TensorDataset(images[:3200], labels[:3200]), batch_size=32, shuffle=True)
test_loader = DataLoader(TensorDataset(images[3200:], labels[3200:]), batch_size=100)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


net = Net()
print(net)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

step = 0
for epoch in range(1, o.epochs + 1):
    if step >= o.steps:
        break
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        if step % o.log_every == 0:
            print(f"step {step}: loss {loss.item():.6f}", flush=True)
        step += 1
        if step >= o.steps:
            break
    with torch.no_grad():
        accuracy = sum((net(x).argmax(1) == y).sum().item() for x, y in test_loader) / 800
    print(f"Epoch {epoch}: {100 * accuracy:.1f}% of the test pictures are recognised", flush=True)
