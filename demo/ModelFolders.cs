using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tokenization;
using TorchSharp;

namespace LightReasoner.Demo;

/// <summary>Trains expert and amateur of a seed and writes them as Hugging Face folders.</summary>
internal static class ModelFolders
{
    /// <summary>Writes <c>expert/</c> and <c>amateur/</c> below a folder, in bfloat16.</summary>
    public static void Train(int seed, DemoData data, string folder, TextWriter log)
    {
        using var source = new ScratchFolder();
        File.WriteAllText(Path.Combine(source.Path, "tokenizer.json"), Words.TokenizerJson().ToJsonString(ApiJson.Indented) + "\n");
        File.WriteAllText(Path.Combine(source.Path, "tokenizer_config.json"),
            $$"""{"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "{{Words.EndOfText}}", "pad_token": "{{Words.EndOfText}}"}"""
            + "\n");
        File.WriteAllText(Path.Combine(source.Path, "generation_config.json"),
            """{"eos_token_id": 0, "pad_token_id": 0, "do_sample": false}""" + "\n");
        var tokenizer = Tokenizer.Load(source.Path);
        foreach (var (name, recipe) in new[] { ("expert", Recipe.Expert), ("amateur", Recipe.Amateur) })
        {
            using var model = Pretraining.Train(recipe, data.Corpus, tokenizer, seed, (step, loss) =>
            {
                if (step % 100 == 0)
                    log.WriteLine(FormattableString.Invariant($"seed {seed} {name}: step {step}/{recipe.Steps}, loss {loss:F4}"));
            });
            var target = Path.Combine(folder, name);
            if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
            HuggingFaceFolder.Save(model, source.Path, target, torch.ScalarType.BFloat16);
        }
    }
}
