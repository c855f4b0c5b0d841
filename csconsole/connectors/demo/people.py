"""Names for invented customers. Surnames say that they are made up, as everybody in the demo does."""

# ruff: noqa: SIM905 - names read better as lines of words

from __future__ import annotations

CALL_NAMES = (
    "แนน ฝน เมย์ ปอ บีม กิ๊ฟ นุ่น อาย มายด์ แพท ตาล หญิง อ้อม นิด หน่อย ปุ้ย แอม เนย ส้ม มุก พลอย เพชร แก้ว "
    "ขวัญ ฟาง ข้าว ไอซ์ เกด ปุ๊ก จอย กานต์ เอ๋ ยุ้ย ติ๊ก นัท ต่าย โบว์ ออย ปิ่น หวาน บาส บอย เต้ ก้อง อาร์ม แม็ก "
    "เจมส์ ท็อป ป้อม โจ้ เอก วิน ภูมิ นิว ฟลุ๊ค กัน พีท ต้อม เล็ก ใหญ่"
).split()
"""What people are called, most common first."""

FIRST_NAMES = (
    "สมชาย สมหญิง วิภา อรทัย สุดา กนกวรรณ ณัฐพล ธีรเดช ปิยะ พรทิพย์ มาลี รัตนา วิชัย ศศิธร อนุชา จิราพร "
    "ชลธิชา ดวงใจ นภัสสร ปรีชา พิมพา ภัทรา มนัส ยุพา ลัดดา วรรณา สมพร สุนีย์ อภิชาติ กฤษดา ขจร จันทร์เพ็ญ "
    "ชุติมา ฐิติมา ดารณี ทศพล นิภา บุษบา ประภา ผกามาศ"
).split()
"""First names as in a passport."""

SURNAMES = (
    "สมมติสุข สมมติชัย สมมติวงศ์ สมมติทรัพย์ สมมติรักษ์ สมมติใจ สมมติพงษ์ สมมติการ สมมตินาม สมมติคำ สมมติเสียง "
    "สมมติสิทธิ สมมติทะเล สมมติเมือง สมมติดี สมมติงาม สมมติศรี สมมติกุล สมมติพร สมมติชล สมมติไพร สมมติธาร"
).split()
"""Surnames, all with "fictional" in them."""

ENGLISH_NAMES = (
    "Anna Ben Chloe Daniel Emma Felix Grace Henry Isla Jack Kate Liam Mia Noah Olivia Peter Quinn Rose Sam Tara"
).split()
"""First names of people who write in English."""

ENGLISH_SURNAMES = "Fictiva Invent Madeup Notreal Sample Pretend Figment Placeholder".split()
"""Surnames of people who write in English."""
