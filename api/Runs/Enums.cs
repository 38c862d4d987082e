using System.Text.Json.Serialization;

namespace LightReasoner.Api;

/// <summary>Data type of weights and computation.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WeightType>))]
public enum WeightType
{
    /// <summary>bfloat16.</summary>
    [JsonStringEnumMemberName("bfloat16")] BFloat16,

    /// <summary>IEEE half precision.</summary>
    [JsonStringEnumMemberName("float16")] Float16,

    /// <summary>IEEE single precision.</summary>
    [JsonStringEnumMemberName("float32")] Float32,
}

/// <summary>How records are laid out in a file.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecordFormat>))]
public enum RecordFormat
{
    /// <summary>One JSON object a line.</summary>
    [JsonStringEnumMemberName("jsonl")] Jsonl,

    /// <summary>Apache Parquet.</summary>
    [JsonStringEnumMemberName("parquet")] Parquet,
}

/// <summary>How a question becomes the model's prompt.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PromptTemplate>))]
public enum PromptTemplate
{
    /// <summary>The tokenizer's chat template.</summary>
    [JsonStringEnumMemberName("auto")] Auto,

    /// <summary>The raw text, no template and no system message.</summary>
    [JsonStringEnumMemberName("none")] None,
}

/// <summary>How the published Qwen2.5-Math evaluation puts a benchmark's question to a model.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PromptType>))]
public enum PromptType
{
    /// <summary>The chat of Qwen2.5-Math, which asks for the final answer in <c>\boxed{}</c>.</summary>
    [JsonStringEnumMemberName("qwen25-math-cot")] Qwen25MathCot,

    /// <summary>Plain text for base models: <c>Question: …</c>, <c>Answer:</c>.</summary>
    [JsonStringEnumMemberName("cot")] Cot,
}

/// <summary>
/// A test set of the published Qwen2.5-Math evaluation: layout of its records, prompt, extraction and comparison of answers are as there.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<BenchmarkName>))]
public enum BenchmarkName
{
    /// <summary>GSM8K, grade-school word problems.</summary>
    [JsonStringEnumMemberName("gsm8k")] Gsm8k,

    /// <summary>MATH, competition problems.</summary>
    [JsonStringEnumMemberName("math")] Math,

    /// <summary>SVAMP, varied arithmetic word problems.</summary>
    [JsonStringEnumMemberName("svamp")] Svamp,

    /// <summary>ASDiv, arithmetic word problems.</summary>
    [JsonStringEnumMemberName("asdiv")] Asdiv,

    /// <summary>Minerva's OpenCourseWare questions.</summary>
    [JsonStringEnumMemberName("minerva-math")] MinervaMath,

    /// <summary>OlympiadBench: mathematics, English, text only, open-ended.</summary>
    [JsonStringEnumMemberName("olympiadbench")] OlympiadBench,

    /// <summary>MMLU, the subjects of science and technology; four choices.</summary>
    [JsonStringEnumMemberName("mmlu-stem")] MmluStem,
}

/// <summary>How an answer is compared with the reference.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GraderType>))]
public enum GraderType
{
    /// <summary>The number after the first <c>####</c>, otherwise the last number: GSM8K's own rule.</summary>
    [JsonStringEnumMemberName("gsm8k")] Gsm8k,

    /// <summary>As the published Qwen2.5-Math evaluation, corrected where that is plainly wrong (docs/methods.md).</summary>
    [JsonStringEnumMemberName("math")] Math,

    /// <summary>As the published Qwen2.5-Math evaluation to the letter, for comparisons with papers.</summary>
    [JsonStringEnumMemberName("published")] Published,

    /// <summary>The same text, apart from white space at both ends.</summary>
    [JsonStringEnumMemberName("exact")] Exact,
}

/// <summary>How the learning rate changes after warm-up.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SchedulerType>))]
public enum SchedulerType
{
    /// <summary>Linear decay to zero at the last step.</summary>
    [JsonStringEnumMemberName("linear")] Linear,

    /// <summary>Half a cosine down to zero at the last step.</summary>
    [JsonStringEnumMemberName("cosine")] Cosine,

    /// <summary>No decay.</summary>
    [JsonStringEnumMemberName("constant")] Constant,
}

/// <summary>How samples share forward passes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SamplePacking>))]
public enum SamplePacking
{
    /// <summary>All kept steps of one question share one forward pass; same gradient as <c>none</c>, far less work.</summary>
    [JsonStringEnumMemberName("prompt")] Prompt,

    /// <summary>One sequence per sample.</summary>
    [JsonStringEnumMemberName("none")] None,
}

/// <summary>How a model learns to produce blocks of tokens.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RefineObjective>))]
public enum RefineObjective
{
    /// <summary>Restores a response with EOS noise, in several passes.</summary>
    [JsonStringEnumMemberName("iterative")] Iterative,

    /// <summary>Predicts the next block from masks placed before it.</summary>
    [JsonStringEnumMemberName("interleaved")] Interleaved,
}

/// <summary>How a model generates after interleaved-mask training.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BlockDecoder>))]
public enum BlockDecoder
{
    /// <summary>Takes all tokens of every block.</summary>
    [JsonStringEnumMemberName("blockwise")] Blockwise,

    /// <summary>Ends a block before a token that is less likely than the threshold, or that repeats the one before it.</summary>
    [JsonStringEnumMemberName("self-aware")] SelfAware,
}

/// <summary>What a FineTuneRun learns from a SamplingRun.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FineTuneObjective>))]
public enum FineTuneObjective
{
    /// <summary>The contrastive soft labels of the kept steps (LightReasoner).</summary>
    [JsonStringEnumMemberName("soft-labels")] SoftLabels,

    /// <summary>Every token of the expert's own answers: a control.</summary>
    [JsonStringEnumMemberName("sft")] Sft,
}

/// <summary>Which of the expert's answers are learned with objective sft.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AnswerChoice>))]
public enum AnswerChoice
{
    /// <summary>Those that are right (rejection sampling); the right answers must be known.</summary>
    [JsonStringEnumMemberName("right")] Right,

    /// <summary>All, right or wrong.</summary>
    [JsonStringEnumMemberName("all")] All,
}

/// <summary>What is trained.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainingMethod>))]
public enum TrainingMethod
{
    /// <summary>All weights.</summary>
    [JsonStringEnumMemberName("full")] Full,

    /// <summary>A LoRA adapter; the base stays frozen.</summary>
    [JsonStringEnumMemberName("lora")] Lora,
}

/// <summary>What happens to a sequence longer than <c>training.maxLength</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Truncation>))]
public enum Truncation
{
    /// <summary>The end is cut off.</summary>
    [JsonStringEnumMemberName("right")] Right,

    /// <summary>The start is cut off.</summary>
    [JsonStringEnumMemberName("left")] Left,

    /// <summary>The run fails and names the record.</summary>
    [JsonStringEnumMemberName("error")] Error,
}

/// <summary>Whether a restarted run continues from its newest complete checkpoint.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResumeMode>))]
public enum ResumeMode
{
    /// <summary>Continues from the newest complete checkpoint, if there is one.</summary>
    [JsonStringEnumMemberName("auto")] Auto,

    /// <summary>Always starts at step 0.</summary>
    [JsonStringEnumMemberName("disable")] Disable,
}

/// <summary>Which behaviour holds where the published program differs from the corrected one (docs/methods.md).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Compatibility>))]
public enum Compatibility
{
    /// <summary>Corrected behaviour.</summary>
    [JsonStringEnumMemberName("corrected")] Corrected,

    /// <summary>The published program's behaviour, for comparisons.</summary>
    [JsonStringEnumMemberName("published")] Published,
}

/// <summary>How tokens of expert and amateur are matched.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VocabularyMatch>))]
public enum VocabularyMatch
{
    /// <summary>By id if the tokenizers agree on the ids, otherwise by spelling; refused if they share too few tokens.</summary>
    [JsonStringEnumMemberName("auto")] Auto,

    /// <summary>By id, whatever the tokenizers say.</summary>
    [JsonStringEnumMemberName("ids")] Ids,
}

/// <summary>The kinds of this API, as a <c>runRef</c> names them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunKind>))]
public enum RunKind
{
    /// <summary>Contrastive sampling.</summary>
    SamplingRun,

    /// <summary>LoRA fine-tuning on soft labels.</summary>
    FineTuneRun,

    /// <summary>Iterative refinement training.</summary>
    RefineRun,
}
