"""Runs cases on request: reads a JSON object a line ({"case", "part"}), answers with {"seconds", "result"}. Arguments: workload folder, threads."""
import json
import os
import sys
import time

import torch

import finetuning
import generation
import refinement
import sampling
from decoder import Qwen2ForCausalLM


def main(folder, threads):
    torch.set_num_threads(threads)
    with open(os.path.join(folder, "workload.json")) as file:
        work = json.load(file)
    load = lambda name: Qwen2ForCausalLM.from_folder(os.path.join(folder, name))
    expert, amateur = load("expert"), load("amateur")

    def timed(body, *arguments):
        start = time.perf_counter()
        result = body(*arguments)
        return {"seconds": time.perf_counter() - start, "result": result}

    def sample(case, part):
        part = part or {"first": 0, "count": len(case["prompts"])}
        prompts = case["prompts"][part["first"]: part["first"] + part["count"]]
        answer = timed(sampling.sample, expert, amateur, prompts, case["maxNewTokens"], case["alpha"], case["beta"])
        for kept in answer["result"]:
            kept["prompt"] += part["first"]
        return answer

    def finetune(case, _):
        model = load("expert")
        trained = finetuning.add_adapter(model, os.path.join(folder, "adapter"))
        return timed(finetuning.train, model, trained, [case["samples"]] * case["steps"], case["batchSize"], case["learningRate"], 0)

    def refine(case, _):
        model = load("expert")
        return timed(refinement.train, model, case["sequences"], case["promptLength"], case["eos"], case["iterations"], case["learningRate"], case["steps"])

    def block(case, _):
        return timed(lambda: generation.blocks(expert, torch.tensor([case["prompt"]]), case["blockLength"], case["refineIterations"],
                                               case["maxNewTokens"], case["eos"])[0].tolist())

    def decode(case, _):
        prompts = torch.tensor(case["prompts"])
        return timed(lambda: generation.greedy(expert, prompts, case["maxNewTokens"])[0][:, prompts.shape[1]:].tolist())

    bodies = {"sampling": sample, "fine-tuning": finetune, "refinement": refine, "block": block, "greedy": decode}
    generation.greedy(expert, torch.tensor([[1, 2, 3]]), 3)  # what is done once in a process is not part of a measurement
    print(json.dumps({"ready": f"Python {sys.version.split()[0]}, torch {torch.__version__}, {torch.get_num_threads()} threads"}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        case = work[request["case"]]
        print(json.dumps(bodies[case["kind"]](case, request.get("part"))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
