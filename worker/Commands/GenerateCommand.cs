using System.CommandLine;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Commands;

/// <summary><c>worker generate</c>: JSONL prompts in, JSONL answers out; token by token, by whole blocks or from masks.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        Option<string> model = Tools.ModelOption(), dtype = Tools.DtypeOption();
        var adapter = Tools.AdapterOption();
        var maxNewTokens = Tools.Option("--max-new-tokens", "Maximum number of tokens per answer.", 128).Within(1, 1 << 20);
        var ignoreEos = new Option<bool>("--ignore-eos") { Description = "Continues after an end-of-sequence token." };
        var blocks = new BlockOptions();
        var temperature = Tools.Option<double>("--temperature", "Sampling temperature; 0 is greedy.", 0).Within(0.0, 100.0);
        var topP = Tools.Option<double>("--top-p", "Samples from the smallest set of most likely tokens with this total probability.", 1)
            .Within(double.Epsilon, 1.0);
        var topK = Tools.Option("--top-k", "Samples from this many most likely tokens; 0 for all.", 0).Within(0, int.MaxValue);
        var penalty = Tools.Option<double>("--repetition-penalty", "Above 1, tokens that already occurred become less likely.", 1)
            .Within(1e-3, 1e3);
        var seed = Tools.Option<long>("--seed", "Seed of the sampling; each line has its own random numbers.", 0);
        var batch = Tools.Option("--batch-size", "Prompts that are decoded together.", 16).Within(1, 1 << 16);
        var command = new Command("generate",
            "Reads {\"prompt\":…} or {\"ids\":[…]} a line and writes {\"ids\":[…new…],\"text\":…,\"forwards\":…} a line.")
        {
            model, adapter, dtype, maxNewTokens, ignoreEos, blocks.Block, blocks.Refine, blocks.Decoder, blocks.BlockSize, blocks.Threshold,
            temperature, topP, topK, penalty, seed, batch,
        };
        command.Validators.Add(result =>
        {
            bool Given(Option option) => result.GetResult(option) is { Implicit: false };
            Option? greedy = Given(blocks.Block) ? blocks.Block : Given(blocks.Decoder) ? blocks.Decoder : null;
            if (greedy is not null && new Option[] { temperature, topP, topK, penalty }.FirstOrDefault(Given) is { } sampling)
                result.AddError($"{greedy.Name} is greedy: leave out {sampling.Name}.");
            if (Given(blocks.Decoder) && new Option[] { blocks.Block, blocks.Refine }.FirstOrDefault(Given) is { } other)
                result.AddError($"--decoder and {other.Name} are two ways to generate; leave one out. (--decoder takes --block-size.)");
            if (!Given(blocks.Decoder) && new Option[] { blocks.BlockSize, blocks.Threshold }.FirstOrDefault(Given) is { } lone)
                result.AddError($"{lone.Name} needs --decoder.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using var loaded = await Tools.LoadModelAsync(parsed.GetValue(model)!, parsed.GetValue(adapter),
                parsed.GetValue(dtype)!, cancellation);
            JsonLines.OnConsole((input, output) =>
            {
                Tokenizer? tokenizer = File.Exists(Path.Combine(loaded.Dir, "tokenizer.json")) ? Tokenizer.Load(loaded.Dir) : null;
                var generator = new AnswerGenerator(loaded, tokenizer, blocks.Decoding(parsed), blocks.Spec(parsed) with
                {
                    Generation = new EvaluationGenerationSpec
                    {
                        MaxNewTokens = parsed.GetValue(maxNewTokens),
                        IgnoreEos = parsed.GetValue(ignoreEos),
                        Temperature = parsed.GetValue(temperature),
                        TopP = parsed.GetValue(topP),
                        TopK = parsed.GetValue(topK),
                        RepetitionPenalty = parsed.GetValue(penalty),
                        Seed = parsed.GetValue(seed),
                    },
                });
                var batchSize = parsed.GetValue(batch);
                using var replicas = new ModelReplicas(loaded.Model, Devices.Here());
                Run(loaded, tokenizer, batchSize * replicas.Models.Count, input, output, (prompts, first) =>
                    ModelReplicas.Generate(replicas.Models, prompts, (replica, mine, numbers, complete) =>
                        generator.Generate(replica, mine, [.. numbers.Select(n => first + n)], batchSize, complete, cancellation),
                        answered: null));
            });
            return 0;
        });
        return command;
    }

    /// <param name="tokenizer">Its tokenizer; without one, prompts must be ids and answers have no text.</param>
    /// <param name="generate">Answers prompts; takes the number of the first one too, from 0.</param>
    internal static void Run(LoadedModel loaded, Tokenizer? tokenizer, int batchSize, TextReader input, Stream output,
        Func<int[][], int, IReadOnlyList<GeneratedAnswer>> generate)
    {
        var first = 0;
        foreach (var lines in JsonLines.Read(input).Chunk(batchSize))
        {
            int[][] prompts = [.. lines.Select(l => JsonLines.In(l.Number,
                () => BatchGenerator.Checked(loaded.Model, Prompt(l.Line, tokenizer), "the prompt")))];
            foreach (var answer in generate(prompts, first))
            {
                JsonLines.Write(output, writer =>
                {
                    JsonLines.Numbers(writer, "ids", answer.Ids);
                    if (tokenizer is not null) writer.WriteString("text", tokenizer.Decode(answer.Ids, skipSpecialTokens: true));
                    writer.WriteNumber("forwards", answer.ForwardPasses);
                });
            }
            first += lines.Length;
        }
    }

    private static int[] Prompt(JsonElement line, Tokenizer? tokenizer)
    {
        if (line.TryGetProperty("ids", out var given))
            return JsonLines.Ids(given, "ids");
        if (!line.TryGetProperty("prompt", out var prompt))
            throw new FormatException("needs 'prompt' or 'ids'");
        if (tokenizer is null)
            throw new FormatException("'prompt' needs a tokenizer, and the model folder has no tokenizer.json; give 'ids'");
        return tokenizer.Encode(JsonLines.Text(prompt, "prompt"), addSpecialTokens: true);
    }
}
