"""The catalogue of reasons why a picture is refused (design §4). Loaded after every migration; staff may extend it."""

from typing import NamedTuple


class Entry(NamedTuple):
    code: str
    group: str
    zh: str
    en: str


ENTRIES: tuple[Entry, ...] = (
    Entry("highlight", "light", "面部高光或曝光过度", "Highlight or burnt-out parts on the face"),
    Entry("half_lit", "light", "面部光线不均（阴阳脸）", "Face lit from one side only"),
    Entry("shadow", "light", "面部或背景有阴影", "Shadow on the face or behind it"),
    Entry("exposure", "light", "照片过亮或过暗", "Too bright or too dark"),
    Entry("unsharp", "light", "照片模糊、对焦不实", "Blurred or out of focus"),
    Entry("head_tilt", "pose", "头部倾斜", "Head tilted"),
    Entry("shoulders", "pose", "双肩不平或未正对", "Shoulders not level or not facing the camera"),
    Entry("turned", "pose", "头部侧转，未正对镜头", "Head turned away"),
    Entry("eyes_closed", "eyes", "闭眼或未睁开", "Eyes closed"),
    Entry("eyes_covered", "eyes", "头发遮挡眼睛或眉毛", "Hair covers eyes or brows"),
    Entry("glasses_glare", "eyes", "镜片反光", "Glare on the glasses"),
    Entry("glasses_frame", "eyes", "镜框遮挡眼睛", "Frame of the glasses covers the eyes"),
    Entry("glasses_tinted", "eyes", "有色镜片或美瞳", "Tinted glasses"),
    Entry("mouth_open", "face", "张嘴或露齿", "Mouth open"),
    Entry("ear_covered", "face", "头发遮挡耳朵或面部轮廓", "Ears or outline of the face covered"),
    Entry("accessory", "face", "佩戴饰物", "Accessory"),
    Entry("head_covering", "face", "戴帽或头巾", "Head covering"),
    Entry("make_up", "face", "妆容过浓", "Heavy make-up"),
    Entry("clothing_colour", "clothing", "服装颜色与背景相近", "Clothing near the background's colour"),
    Entry("clothing_pattern", "clothing", "服装有花纹或文字", "Pattern or text on the clothing"),
    Entry("bare_shoulders", "clothing", "服装不正式（露肩、无领）", "Bare shoulders or informal clothing"),
    Entry("background_uneven", "background", "背景不均匀、有渐变或杂物", "Background uneven"),
    Entry("background_colour", "background", "背景颜色不符合要求", "Background of the wrong colour"),
    Entry("head_too_large", "geometry", "头像过大", "Head too large"),
    Entry("head_cut", "geometry", "头部被裁切", "Head cut off"),
    Entry("hairline", "geometry", "头顶发际位置不符合要求", "Hairline not where it must be"),
    Entry("eye_line", "geometry", "眼睛位置不符合要求", "Eye line not where it must be"),
    Entry("face_width", "geometry", "脸部宽度不符合要求", "Width of the face out of bounds"),
    Entry("centring", "geometry", "头部未居中", "Head not centred"),
    Entry("no_face", "geometry", "未检测到人脸", "No face found"),
    Entry("several_faces", "geometry", "检测到多张人脸", "Several faces found"),
    Entry("pixels", "file", "像素尺寸不符合要求", "Too few or wrong pixels"),
    Entry("bytes", "file", "文件大小不符合要求", "Size in bytes out of range"),
    Entry("format", "file", "文件格式不符合要求或文件已损坏", "Wrong format or damaged file"),
    Entry("dpi", "file", "分辨率（dpi）不符合要求", "Wrong resolution (dpi)"),
    Entry("beautified", "edited", "过度美颜或修饰", "Features retouched"),
    Entry("re_photographed", "edited", "翻拍照片", "Photographed from a print or screen"),
    Entry("earlier_picture", "edited", "使用以前的照片", "Earlier picture used again"),
    Entry("not_this_person", "identity", "非本人照片", "Not this person"),
    Entry(
        "number_mismatch",
        "identity",
        "姓名或证件号码与照片不符",
        "Name or number does not belong to the picture",
    ),
    Entry("already_captured", "identity", "已采集过图像", "Already captured"),
    Entry("earlier_level", "identity", "为以前学历层次的照片", "Picture of an earlier level"),
    Entry("other", "other", "其他原因（请注明）", "Another reason (say which)"),
)


def label_of(code: str, language: str) -> str:
    """The program's own label of a code, for findings whose code nobody has put into the database."""
    entry = next((entry for entry in ENTRIES if entry.code == code), None)
    if entry is None:
        return code
    return entry.en if language.startswith("en") else entry.zh
