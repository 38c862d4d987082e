using System.CommandLine;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Commands;

/// <summary><c>worker generate</c>: JSONL prompts in, JSONL answers out; token by token, or whole blocks with a refined model.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        Option<string> model = Tools.ModelOption(), dtype = Tools.DtypeOption();
        Option<string?> adapter = Tools.AdapterOption();
        var maxNewTokens = new Option<int>("--max-new-tokens") { Description = "Most tokens generated for a prompt.", DefaultValueFactory = _ => 128 };
        var ignoreEos = new Option<bool>("--ignore-eos") { Description = "Goes on after an end-of-sequence token." };
        var block = new Option<int?>("--block") { Description = "Block generation: tokens of a block." };
        var refine = new Option<int>("--refine") { Description = "Block generation: forward passes over a block.", DefaultValueFactory = _ => 2 };
        var temperature = new Option<double>("--temperature") { Description = "0 is greedy.", DefaultValueFactory = _ => 0 };
        var topP = new Option<double>("--top-p") { DefaultValueFactory = _ => 1 };
        var topK = new Option<int>("--top-k") { DefaultValueFactory = _ => 0 };
        var penalty = new Option<double>("--repetition-penalty") { DefaultValueFactory = _ => 1 };
        var seed = new Option<long>("--seed") { DefaultValueFactory = _ => 0 };
        var batch = new Option<int>("--batch-size") { Description = "Prompts decoded at once.", DefaultValueFactory = _ => 16 };
        var command = new Command("generate", "Reads {\"prompt\":…} or {\"ids\":[…]} a line and writes {\"ids\":[…new…],\"text\":…} a line.")
            { model, adapter, dtype, maxNewTokens, ignoreEos, block, refine, temperature, topP, topK, penalty, seed, batch };
        command.SetAction((parsed, cancellation) =>
        {
            using LoadedModel loaded = Tools.LoadModel(parsed.GetValue(model)!, parsed.GetValue(adapter), parsed.GetValue(dtype)!);
            var tokenizer = new Lazy<Tokenizer>(() => Tokenizer.Load(loaded.Dir));
            bool hasTokenizer = File.Exists(Path.Combine(loaded.Dir, "tokenizer.json"));
            var spec = new GenerationSpec
            {
                MaxNewTokens = parsed.GetValue(maxNewTokens),
                Temperature = parsed.GetValue(temperature),
                TopP = parsed.GetValue(topP),
                TopK = parsed.GetValue(topK),
                RepetitionPenalty = parsed.GetValue(penalty),
                Seed = parsed.GetValue(seed),
            };
            int batchSize = parsed.GetValue(batch);
            foreach ((int Line, JsonObject Value)[] lines in Tools.Lines(Console.In).Chunk(batchSize))
            {
                int[][] prompts = [.. lines.Select(l => Tools.Ids(l.Line, l.Value, loaded.Model.Config.VocabSize, hasTokenizer ? tokenizer : null))];
                IReadOnlyList<GeneratedAnswer> answers = parsed.GetValue(block) is { } length
                    ? new BlockGenerator(loaded, RefineTrainer.EosOf(loaded, hasTokenizer ? tokenizer.Value : null)).Generate(prompts, length, parsed.GetValue(refine), spec.MaxNewTokens, batchSize, parsed.GetValue(ignoreEos), cancellation)
                    : new TextGenerator(loaded).Generate(prompts, spec, batchSize, parsed.GetValue(ignoreEos), cancellation);
                foreach (GeneratedAnswer answer in answers)
                {
                    var line = new JsonObject { ["ids"] = new JsonArray([.. answer.Ids.Select(id => (JsonNode)id)]) };
                    if (hasTokenizer) line["text"] = tokenizer.Value.Decode(answer.Ids, skipSpecialTokens: true);
                    Console.Out.WriteLine(line.ToJsonString(Tools.Json));
                }
            }
            return Task.FromResult(0);
        });
        return command;
    }
}
