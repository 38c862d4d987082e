using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Tokenization;

/// <summary>How a question becomes a prompt.</summary>
public static class PromptFormat
{
    /// <summary>The prompt's token ids.</summary>
    /// <exception cref="InvalidDataException">The model has no chat template and the document asks for one.</exception>
    public static int[] Encode(Tokenizer tokenizer, PromptSpec prompt, string question) =>
        EncodeText(tokenizer, prompt, Text(tokenizer, prompt, question));

    /// <summary>The token ids of a question, which has at least one that the model knows.</summary>
    /// <exception cref="WorkerException">It has none; the message says where it stands.</exception>
    internal static int[] Encode(Tokenizer tokenizer, PromptSpec prompt, Question question, int vocabulary)
    {
        CheckKnown(tokenizer, question.Text, question.Where, "question");
        return TokenIds.Check(Encode(tokenizer, prompt, question.Text), vocabulary, $"{question.Where}: the question");
    }

    /// <summary>Refuses a text of which the tokenizer leaves nothing: the template around it would be all that the model reads.</summary>
    internal static void CheckKnown(Tokenizer tokenizer, string text, string place, string what)
    {
        if (tokenizer.Encode(text).Length == 0)
            throw new WorkerException(ExitCode.BadData, $"{place}: the {what} has no tokens that the tokenizer knows");
    }

    /// <summary>The prompt's text: the chat template over system message and question, or (template none) the question itself.</summary>
    /// <exception cref="InvalidDataException">The model has no chat template and the document asks for one.</exception>
    public static string Text(Tokenizer tokenizer, PromptSpec prompt, string question) => prompt.Template is PromptTemplate.None
        ? question : Render(tokenizer, Messages(prompt.System, question));

    /// <summary>Encodes a text that begins with a prompt. Raw text gets the model's special tokens; a chat template writes them.</summary>
    internal static int[] EncodeText(Tokenizer tokenizer, PromptSpec prompt, string text) =>
        tokenizer.Encode(text, addSpecialTokens: prompt.Template is PromptTemplate.None);

    /// <summary>The chat template over messages, ending where the model's answer begins.</summary>
    /// <exception cref="InvalidDataException">The model has no chat template.</exception>
    internal static string Render(Tokenizer tokenizer, JsonArray messages)
    {
        var template = tokenizer.ChatTemplate
            ?? throw new InvalidDataException("the model's tokenizer has no chat template (tokenizer_config.json: chat_template); set "
                + "prompt.template to none for raw text");
        return template.Render(new JsonObject { ["messages"] = messages, ["add_generation_prompt"] = true });
    }

    internal static JsonArray Messages(string system, string question)
    {
        var user = new JsonObject { ["role"] = "user", ["content"] = question };
        return system.Length == 0 ? [user] : [new JsonObject { ["role"] = "system", ["content"] = system }, user];
    }
}
